#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace posthorn::service {

/// What one account may send; 0: no limit.
struct SendingLimits {
  std::uint32_t messages_per_hour = 0;
  std::uint32_t messages_per_day = 0;
  std::uint32_t recipients_per_hour = 0;
  std::uint32_t recipients_per_day = 0;
};

/// What an operator decides about messages sent by the server's accounts.
struct SendingRules {
  /// File a copy into the sender's \Sent mailbox, where the account does not say otherwise.
  bool keep_sent = true;
  /// For so long a message submitted and one appended to \Sent are taken for one; 0: never.
  std::chrono::seconds duplicate_window{600};
  SendingLimits limits = {};
  /// What waits longer has failed.
  std::chrono::seconds give_up_after = std::chrono::hours(5 * 24);
};

}  // namespace posthorn::service
