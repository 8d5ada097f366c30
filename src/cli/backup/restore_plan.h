#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "admin/admin.h"
#include "async/task.h"
#include "base/clock.h"
#include "base/flags.h"
#include "base/result.h"

namespace posthorn::cli {

/// Which messages of an account are to be restored. What is empty does not restrict.
struct RestoreQuery {
  std::string account;
  std::vector<std::string> mailboxes;
  std::string message_id;
  std::string from;                    ///< Text that the From field contains, whatever its case.
  std::string subject;                 ///< The same for the Subject.
  std::optional<std::int64_t> since;   ///< Received at this time or later; seconds since 1970.
  std::optional<std::int64_t> before;  ///< Received before this time.

  [[nodiscard]] bool asks_for_header() const {
    return !message_id.empty() || !from.empty() || !subject.empty();
  }
};

/// A message of the backup that the account does not have.
struct PlannedMessage {
  std::uint64_t uid = 0;  ///< In the backup.
  std::uint64_t size = 0;
  Timestamp received;
  FlagList flags;
};

struct RestorePlan {
  struct Place {
    bool created = false;  ///< The account has no such mailbox.
    std::vector<PlannedMessage> messages;
  };
  std::map<std::string, Place> places;  ///< By the name of the mailbox.
  std::uint64_t present = 0;            ///< Messages that the account has.
  bool account_missing = false;
};

/// Compares an account as it is in a backup with the account as it is now. A message is present if
/// the account has it in any mailbox (the same message of the same account, recognized by its
/// number), or if the mailbox of the same name has a message with the same octets and date, as an
/// earlier restore leaves it.
/// Errors: not_found (the backup has no such account or mailbox), and those of reading.
async::Task<Result<RestorePlan>> plan_restore(admin::Admin& backup, admin::Admin& now,
                                              RestoreQuery query);

}  // namespace posthorn::cli
