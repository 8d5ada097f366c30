#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

/// The list of accounts with entries in their outbox, so that a restart finds them without opening
/// every account: one row per account, in one of the queue shards. The row is durable before the
/// first entry is, and is removed some time after the last, so that one row serves all of an
/// account's sending of a day. All functions that return no task block.
namespace posthorn::store {

/// Writes the account's row if it does not exist, or is of a time before `renew_before`. Returns
/// the time of the row that is there then.
Result<std::int64_t> list_outbox(engine::Engine& engine, const AccountId& account, std::int64_t now,
                                 std::int64_t renew_before = INT64_MIN);
/// Removes the row if it exists and is still of that time (or cannot be read). Requires: the outbox
/// is empty, and nothing can be queued meanwhile without that the row is renewed.
Status unlist_outbox(engine::Engine& engine, const AccountId& account, std::int64_t since);

struct ListedOutbox {
  AccountId account;
  std::int64_t since = 0;  ///< Seconds since 1970.
};
/// Returns all listed accounts. Where the list is damaged, adds every account that may have been in
/// it, so that no mail has to wait because of damage to the list.
Result<std::vector<ListedOutbox>> listed_outboxes(engine::Engine& engine);
async::Task<Result<bool>> is_listed(engine::Engine& engine, AccountId account);

}  // namespace posthorn::store
