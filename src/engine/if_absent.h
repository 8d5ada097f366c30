#pragma once

#include <cstdint>

namespace posthorn::engine {

/// What to do if there is no store at the place to be opened. A place that has any of a store's
/// files is never made into a new store, because that would delete them.
enum class IfAbsent : std::uint8_t { refuse, create };

}  // namespace posthorn::engine
