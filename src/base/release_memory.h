#pragma once

#include <string>

namespace posthorn {

/// Empties a string and frees its memory, which libstdc++ keeps when an empty one is assigned.
inline void release_memory(std::string& text) { std::string().swap(text); }

}  // namespace posthorn
