#pragma once

#include <cstdint>

namespace posthorn::engine {

/// What to do when a store is to be opened where none is. A place that has any of a store's files
/// is never made into a new store: that would delete them.
enum class IfAbsent : std::uint8_t { refuse, create };

}  // namespace posthorn::engine
