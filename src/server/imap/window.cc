#include "server/imap/window.h"

#include <algorithm>

namespace posthorn::server::imap {

using wire::imap::PartialRange;

std::pair<std::uint64_t, std::uint64_t> window_of(const PartialRange& partial,
                                                  std::uint64_t count) {
  const std::uint64_t first = std::min<std::uint64_t>(partial.first - 1, count);
  const std::uint64_t last = std::min<std::uint64_t>(partial.last, count);
  if (partial.from == PartialRange::From::oldest) return {first, last};
  return {count - last, count - first};
}

NumberSet window(const NumberSet& numbers, const PartialRange& partial) {
  const auto [first, last] = window_of(partial, numbers.count());
  NumberSet result;
  std::uint64_t at = 0;
  for (const NumberSet::Range& range : numbers.ranges()) {
    const std::uint64_t size = std::uint64_t{range.last} - range.first + 1;
    const std::uint64_t from = std::max(first, at);
    const std::uint64_t to = std::min(last, at + size);
    if (from < to) {
      result.add(static_cast<std::uint32_t>(range.first + (from - at)),
                 static_cast<std::uint32_t>(range.first + (to - at) - 1));
    }
    at += size;
  }
  return result;
}

std::span<const std::uint32_t> window(std::span<const std::uint32_t> numbers,
                                      const PartialRange& partial) {
  const auto [first, last] = window_of(partial, numbers.size());
  return numbers.subspan(first, last - first);
}

}  // namespace posthorn::server::imap
