#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/number_set.h"
#include "base/result.h"
#include "store/value/mailbox.h"

namespace posthorn::store {

/// Whether an error means that something stored is damaged or cannot be read from the disk, rather
/// than that it is not there or that the engine is busy.
[[nodiscard]] inline bool is_damage(ErrorKind kind) {
  return kind == ErrorKind::corrupt || kind == ErrorKind::io;
}

/// Writes damage to the log, each message and each mailbox once a day, however often clients ask
/// for it. What is remembered is bounded: of more mailboxes, or more gaps within one, than the
/// bounds nothing is said until the next day, except that there are more. Thread: any.
class DamageLog {
 public:
  static constexpr std::size_t kMostMailboxes = 1000;
  static constexpr std::size_t kMostRanges = 1000;

  /// Where it was found. `account_name` is for people and may be empty.
  struct Place {
    AccountId account;
    std::string account_name;
    MailboxId mailbox;
    std::string mailbox_name;
  };

  /// These messages cannot be read, the first of them because of `why`. `now` is in seconds since
  /// 1970. Returns the UIDs that the log was told of just now.
  NumberSet note_messages(const Place& place, const NumberSet& uids, const Error& why,
                          std::int64_t now);
  /// The mailbox as a whole cannot be opened, or only with a loss. `what` is the sentence. Returns
  /// whether the log was told just now.
  bool note_mailbox(const Place& place, std::string_view what, const Error& why, std::int64_t now);

 private:
  struct Said {
    NumberSet uids;
    bool mailbox = false;
  };
  /// What was said of it today; null when there is no room for one more. Requires: mutex_.
  Said* said_of(const Place& place, std::int64_t now);

  std::mutex mutex_;
  std::int64_t day_ = -1;
  bool overflowed_ = false;
  std::map<std::pair<AccountId, MailboxId>, Said> said_;
};

/// "UID 7" or "UIDs 3:5,9", cut short with an ellipsis after some 200 characters.
std::string describe_uids(const NumberSet& uids);

}  // namespace posthorn::store
