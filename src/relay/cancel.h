#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "store/value/outbox.h"

/// An administrator's operations on a queued message, as changes of its value.
namespace posthorn::relay {

/// The last status of a recipient that waits only for the report to be sent.
inline constexpr std::string_view kCancelled = "554 5.7.0 cancelled by an administrator";

/// Makes all waiting recipients due at once. Returns whether there are any.
bool make_due(store::OutboxEntry& entry, std::int64_t now);

/// Cancels the waiting recipients among `addresses`, or all of them if that is empty, without a
/// report. A message that is being sent at this moment may still arrive. Returns the number of
/// recipients cancelled.
std::size_t cancel(store::OutboxEntry& entry, std::span<const std::string> addresses);

/// Cancels all waiting recipients, and lets the runner report the failure to the sender: at once,
/// or as soon as a runner is active.
std::size_t cancel_with_report(store::OutboxEntry& entry, std::int64_t now);

}  // namespace posthorn::relay
