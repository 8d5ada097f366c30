#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "store/value/team.h"

/// The records about an account's sending besides the outbox: usage counts, recently filed
/// messages, and settings.
namespace posthorn::store {

struct SentCount {
  std::uint32_t messages = 0;
  std::uint32_t recipients = 0;
  friend bool operator==(const SentCount&, const SentCount&) = default;
};

/// Counts within the last hour or day. Two neighbouring windows of that length are kept; the count
/// of the older one is weighted by the share of it that is still within the length. This is precise
/// enough for a limit, needs no list, and does not allow twice the limit around a full hour.
struct UsageWindow {
  std::int64_t number = 0;  ///< The number of the current window, counted from 1970.
  SentCount current;
  SentCount previous;
  friend bool operator==(const UsageWindow&, const UsageWindow&) = default;

  void add(std::int64_t length_seconds, std::int64_t now, const SentCount& more);
  [[nodiscard]] SentCount used(std::int64_t length_seconds, std::int64_t now) const;
};

/// A message filed into \Sent recently, so that a message that is both submitted and appended is
/// filed only once.
struct FiledCopy {
  enum class By : std::uint8_t { submission = 0, client = 1 };
  std::int64_t time = 0;         ///< Seconds since 1970.
  std::uint64_t message_id = 0;  ///< hash_message_id().
  MailboxId mailbox;
  Uid uid;
  Ordinal email;
  By by = By::submission;
  friend bool operator==(const FiledCopy&, const FiledCopy&) = default;
};

/// Changes with every submission; kept in one small row.
struct SendingUsage {
  static constexpr std::int64_t kHour = 3600;
  static constexpr std::int64_t kDay = 86400;
  static constexpr std::size_t kMaxFiled = 32;  ///< Beyond it, the oldest are dropped.
  UsageWindow hour;
  UsageWindow day;
  std::vector<FiledCopy> filed;  ///< Oldest first.
  friend bool operator==(const SendingUsage&, const SendingUsage&) = default;
};

/// Hashes a Message-ID as written in the header. Different Message-IDs may have the same hash, so
/// compare the messages.
std::uint64_t hash_message_id(std::string_view message_id);

enum class KeepSent : std::uint8_t { as_server = 0, always = 1, never = 2 };

/// The settings that an administrator may make for one account.
struct SendingSettings {
  KeepSent keep_sent = KeepSent::as_server;
  /// Further addresses that the account may send as; normalised, ascending.
  std::vector<std::string> may_send_as;
  std::optional<Team> team = {};  ///< Set if the account is a team; see AccountProfile::team.
  friend bool operator==(const SendingSettings&, const SendingSettings&) = default;
};

}  // namespace posthorn::store
