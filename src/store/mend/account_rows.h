#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "store/format/codec.h"
#include "store/store.h"

namespace posthorn::store {

/// What the rows of an account say, as far as it is needed to see what is missing. Rows that cannot
/// be decoded are named, and count as absent.
struct AccountRows {
  std::optional<AccountCounters> counters;
  std::optional<AccountProfile> profile;
  std::map<MailboxId, StoredHead> heads;
  std::map<MailboxId, StoredName> names;
  std::map<MailboxId, std::vector<std::string>> keywords;
  std::set<MailboxId> with_chunks;  ///< There is a list of their pages.
  std::set<MailboxId> with_rows;    ///< There are rows of their messages.
  std::map<OutboxId, std::string> outbox;
  std::vector<GroupRef> groups;
  std::set<Ordinal> emails;  ///< Those in no group, perhaps.
  std::set<std::string> undecoded;

  // The highest number of each kind that any row has; 0 if there is none.
  Seq seq;
  MailboxId mailbox;
  Ordinal ordinal;
  UidValidity uid_validity;

  /// There is nothing that would be worth an account.
  [[nodiscard]] bool empty() const {
    return !counters && !profile && heads.empty() && names.empty() && with_rows.empty() &&
           outbox.empty() && groups.empty() && emails.empty();
  }
};

/// Reads every row of the partition once. Blocks. Errors: those of the engine.
Result<AccountRows> read_account_rows(engine::Engine& engine, const PartitionId& id);

}  // namespace posthorn::store
