#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/mutex.h"
#include "base/number_set.h"
#include "base/result.h"
#include "store/value/mailbox.h"

namespace posthorn::store {

/// Returns true if an error means that stored data is damaged or cannot be read from the disk,
/// rather than that it is absent or the engine is busy.
[[nodiscard]] inline bool is_damage(ErrorKind kind) {
  return kind == ErrorKind::corrupt || kind == ErrorKind::io;
}

/// Logs damage once a day for each message and each mailbox, however often clients ask for it.
/// Memory is bounded: if there are more mailboxes, or more gaps within one, than the bounds, only
/// the fact that there are more is logged until the next day.
/// Thread: any.
class DamageLog {
 public:
  static constexpr std::size_t kMostMailboxes = 1000;
  static constexpr std::size_t kMostRanges = 1000;

  /// Where the damage was found. `account_name` is for people and may be empty.
  struct Place {
    AccountId account;
    std::string account_name;
    MailboxId mailbox;
    std::string mailbox_name;
  };

  /// These messages cannot be read, the first of them because of `why`. `now` is in seconds since
  /// 1970. Returns the UIDs that were logged by this call.
  NumberSet note_messages(const Place& place, const NumberSet& uids, const Error& why,
                          std::int64_t now);
  /// The mailbox as a whole cannot be opened, or only with a loss. `what` is the sentence to log.
  /// Returns whether it was logged by this call.
  bool note_mailbox(const Place& place, std::string_view what, const Error& why, std::int64_t now);

 private:
  struct Said {
    NumberSet uids;
    bool mailbox = false;
  };
  /// What was logged about it today; null if there is no room for another entry.
  Said* said_of(const Place& place, std::int64_t now) POSTHORN_REQUIRES(mutex_);

  Mutex mutex_;
  std::int64_t day_ POSTHORN_GUARDED_BY(mutex_) = -1;
  bool overflowed_ POSTHORN_GUARDED_BY(mutex_) = false;
  std::map<std::pair<AccountId, MailboxId>, Said> said_ POSTHORN_GUARDED_BY(mutex_);
};

/// "UID 7" or "UIDs 3:5,9"; after some 200 characters it is shortened with an ellipsis.
std::string describe_uids(const NumberSet& uids);

}  // namespace posthorn::store
