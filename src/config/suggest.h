#pragma once

#include <cstddef>
#include <string_view>

namespace posthorn::config {

/// Returns the number of insertions, deletions, substitutions and swaps of neighbours that change
/// one string into the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// Returns the key most likely meant by an unknown name; empty if none is similar.
std::string_view suggest_key(std::string_view name);

}  // namespace posthorn::config
