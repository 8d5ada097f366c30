#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "store/value/outbox.h"

/// What an administrator can do to a queued message, as changes of its value.
namespace posthorn::relay {

/// The last status of a recipient who still waits, but for nothing but the report.
inline constexpr std::string_view kCancelled = "554 5.7.0 cancelled by an administrator";

/// Whoever waits is tried at once. Returns whether anybody does.
bool make_due(store::OutboxEntry& entry, std::int64_t now);

/// Whoever of these still waits (all, if none is named) does so no longer, and nobody is told. What
/// is being sent at this moment may arrive all the same. Returns how many were cancelled.
std::size_t cancel(store::OutboxEntry& entry, std::span<const std::string> addresses);

/// The same for all, but the sender is told that the message was not delivered: by the runner, at
/// once or when there is one again.
std::size_t cancel_with_report(store::OutboxEntry& entry, std::int64_t now);

}  // namespace posthorn::relay
