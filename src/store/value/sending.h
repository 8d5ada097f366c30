#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

/// What is kept of an account's sending beside the outbox: how much, what was filed, what it may.
namespace posthorn::store {

struct SentCount {
  std::uint32_t messages = 0;
  std::uint32_t recipients = 0;
  friend bool operator==(const SentCount&, const SentCount&) = default;
};

/// Counts over the last hour or day, as two neighbouring windows of that length: the older one
/// counts by the share of it that is not older than the length. Exact enough for a limit, needs no
/// list, and lets nobody send twice the limit around a full hour.
struct UsageWindow {
  std::int64_t number = 0;  ///< Of the current window since 1970.
  SentCount current;
  SentCount previous;
  friend bool operator==(const UsageWindow&, const UsageWindow&) = default;

  void add(std::int64_t length_seconds, std::int64_t now, const SentCount& more);
  [[nodiscard]] SentCount used(std::int64_t length_seconds, std::int64_t now) const;
};

/// A message filed into \Sent not long ago, so that the same one, submitted and appended, is filed
/// once.
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

/// Changes with every submission, in one small row.
struct SendingUsage {
  static constexpr std::int64_t kHour = 3600;
  static constexpr std::int64_t kDay = 86400;
  static constexpr std::size_t kMaxFiled = 32;  ///< The oldest go first.
  UsageWindow hour;
  UsageWindow day;
  std::vector<FiledCopy> filed;  ///< Oldest first.
  friend bool operator==(const SendingUsage&, const SendingUsage&) = default;
};

/// Of a Message-ID as the header has it. Two that differ may share one: compare the messages.
std::uint64_t hash_message_id(std::string_view message_id);

enum class KeepSent : std::uint8_t { as_server = 0, always = 1, never = 2 };

/// What an administrator may set for one account.
struct SendingSettings {
  KeepSent keep_sent = KeepSent::as_server;
  /// Addresses it may send as beside its own, normalised, ascending.
  std::vector<std::string> may_send_as;
  friend bool operator==(const SendingSettings&, const SendingSettings&) = default;
};

}  // namespace posthorn::store
