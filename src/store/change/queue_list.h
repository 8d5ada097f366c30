#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

/// Which accounts have something in their outbox, so that a restart finds it without opening every
/// account: a row each in one of the queue shards. The row is durable before the first entry is,
/// and goes some time after the last, so that it stands for all of an account's sending of a day.
/// All of it may block.
namespace posthorn::store {

/// Writes the account's row if it is not there.
Status list_outbox(engine::Engine& engine, const AccountId& account, std::int64_t now);
/// Removes it if it is there. Requires: the account is empty-handed, and nothing can be queued
/// meanwhile.
Status unlist_outbox(engine::Engine& engine, const AccountId& account);

struct ListedOutbox {
  AccountId account;
  std::int64_t since = 0;  ///< Seconds since 1970.
};
/// All of them. Where the list is damaged, every account that may have been in it: nobody's mail is
/// to wait because of another's row.
Result<std::vector<ListedOutbox>> listed_outboxes(engine::Engine& engine);
Result<bool> is_listed(engine::Engine& engine, const AccountId& account);

}  // namespace posthorn::store
