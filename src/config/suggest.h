#pragma once

#include <cstddef>
#include <string_view>

namespace posthorn::config {

/// How many insertions, deletions, changes and swaps of neighbours lead from one to the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The key most likely meant by a name that is none; empty when nothing is near.
std::string_view suggest_key(std::string_view name);

}  // namespace posthorn::config
