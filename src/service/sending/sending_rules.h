#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace posthorn::service {

/// Limits for one account; 0 means no limit.
struct SendingLimits {
  std::uint32_t messages_per_hour = 0;
  std::uint32_t messages_per_day = 0;
  std::uint32_t recipients_per_hour = 0;
  std::uint32_t recipients_per_day = 0;
};

/// The operator's rules for messages sent by the server's accounts.
struct SendingRules {
  /// File a copy into the sender's \Sent mailbox, unless the account says otherwise.
  bool keep_sent = true;
  /// Time within which a submitted message and one appended to \Sent are merged; 0 disables
  /// merging.
  std::chrono::seconds duplicate_window{600};
  SendingLimits limits = {};
  /// A message that waits longer has failed.
  std::chrono::seconds give_up_after = std::chrono::hours(5 * 24);
};

}  // namespace posthorn::service
