#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "base/number_set.h"
#include "wire/imap/command/commands_message.h"

namespace posthorn::server::imap {

/// Returns the part of `count` results that a window selects, as [first, last) from the lowest (RFC
/// 9394 §3).
std::pair<std::uint64_t, std::uint64_t> window_of(const wire::imap::PartialRange& partial,
                                                  std::uint64_t count);
NumberSet window(const NumberSet& numbers, const wire::imap::PartialRange& partial);
std::span<const std::uint32_t> window(std::span<const std::uint32_t> numbers,
                                      const wire::imap::PartialRange& partial);

}  // namespace posthorn::server::imap
