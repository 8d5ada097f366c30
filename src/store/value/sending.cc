#include "store/value/sending.h"

#include "base/bytes.h"

namespace posthorn::store {
namespace {

std::uint32_t sum(std::uint32_t a, std::uint64_t b) {
  const std::uint64_t both = a + b;
  return both > UINT32_MAX ? UINT32_MAX : static_cast<std::uint32_t>(both);
}

/// Returns the window at `now`. If the clock was set back, counting continues in the old window.
UsageWindow moved_to(UsageWindow window, std::int64_t length, std::int64_t now) {
  const std::int64_t number = now / length;
  if (number <= window.number) return window;
  window.previous = number == window.number + 1 ? window.current : SentCount{};
  window.current = {};
  window.number = number;
  return window;
}

}  // namespace

void UsageWindow::add(std::int64_t length, std::int64_t now, const SentCount& more) {
  *this = moved_to(*this, length, now);
  current.messages = sum(current.messages, more.messages);
  current.recipients = sum(current.recipients, more.recipients);
}

SentCount UsageWindow::used(std::int64_t length, std::int64_t now) const {
  const UsageWindow w = moved_to(*this, length, now);
  const std::int64_t into = now - w.number * length;
  const auto left = static_cast<std::uint64_t>(into < 0 ? length : length - into);
  const auto share = [&](std::uint32_t n) { return n * left / static_cast<std::uint64_t>(length); };
  return {sum(w.current.messages, share(w.previous.messages)),
          sum(w.current.recipients, share(w.previous.recipients))};
}

std::uint64_t hash_message_id(std::string_view message_id) { return checksum(message_id); }

}  // namespace posthorn::store
