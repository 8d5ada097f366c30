#pragma once

#include <string>

namespace posthorn {

/// Empties a string and frees its memory. (Assigning an empty string does not: libstdc++ keeps the
/// buffer.)
inline void release_memory(std::string& text) { std::string().swap(text); }

}  // namespace posthorn
