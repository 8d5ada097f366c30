#include "relay/cancel.h"

#include <algorithm>

#include "text/ascii.h"

namespace posthorn::relay {

using store::RecipientState;

bool make_due(store::OutboxEntry& entry, std::int64_t now) {
  bool any = false;
  for (store::OutboxRecipient& recipient : entry.recipients) {
    if (recipient.state != RecipientState::waiting) continue;
    recipient.next_attempt = std::min(recipient.next_attempt, now);
    any = true;
  }
  entry.hold_until = std::min(entry.hold_until, now);
  return any;
}

std::size_t cancel(store::OutboxEntry& entry, std::span<const std::string> addresses) {
  std::size_t count = 0;
  for (store::OutboxRecipient& recipient : entry.recipients) {
    const bool meant =
        addresses.empty() || std::ranges::any_of(addresses, [&](const std::string& address) {
          return text::iequals(address, recipient.address);
        });
    if (!meant || recipient.state != RecipientState::waiting) continue;
    recipient.state = RecipientState::cancelled;
    ++count;
  }
  return count;
}

std::size_t cancel_with_report(store::OutboxEntry& entry, std::int64_t now) {
  std::size_t count = 0;
  for (store::OutboxRecipient& recipient : entry.recipients) {
    if (recipient.state != RecipientState::waiting) continue;
    recipient.last_status = kCancelled;
    ++count;
  }
  entry.expires = std::min(entry.expires, now);
  return count;
}

}  // namespace posthorn::relay
