#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/value/account_state.h"

/// Which messages expire by their age. The age counts from when a message came into its mailbox
/// (SAVEDATE, RFC 8514); one whose date is unknown does not expire. A mailbox may have a setting of
/// its own, which is an annotation that everybody who sees the mailbox can read; otherwise its
/// special use decides. The sweep removes what has expired as a user would (upkeep/age_out.h).
namespace posthorn::store {

class Store;

/// The annotation with a mailbox's own setting, as format_retention() writes it.
inline constexpr std::string_view kRetentionEntry = "/shared/vendor/posthorn/expire";

inline constexpr std::int64_t kShortestRetention = 86400;          ///< Seconds: a day.
inline constexpr std::int64_t kLongestRetention = 3650LL * 86400;  ///< Ten years.

/// The operator's settings; 0: never.
struct RetentionPolicy {
  std::int64_t trash_seconds = 0;
  std::int64_t junk_seconds = 0;
  bool users_may_change = true;
};

/// Takes effect with the next sweep. A store begins with the default.
/// Thread: any.
void set_retention(Store& store, const RetentionPolicy& policy);
/// Thread: any.
RetentionPolicy retention_policy(Store& store);

/// Reads a number of days or weeks ("30d", "4w") or "never"; the result is in seconds, 0 for never.
/// Errors: bad_argument with a sentence for the user.
Result<std::int64_t> parse_retention(std::string_view text);
/// "30d", "never".
std::string format_retention(std::int64_t seconds);

/// A mailbox's own setting, in seconds; 0: never. None if it has none, or one that cannot be read.
std::optional<std::int64_t> own_retention(const AccountState& state, MailboxId mailbox);
/// The age in seconds at which messages of this mailbox expire; 0: never. Of two special uses, the
/// longer age counts, and one without a setting means never.
std::int64_t retention_of(const AccountState& state, const Mailbox& mailbox,
                          const RetentionPolicy& policy);

}  // namespace posthorn::store
