#pragma once

#include <string>
#include <string_view>

namespace posthorn::directory {

/// Escapes a value for a filter (RFC 4515 §3), so that it stands for itself only.
std::string escape_for_filter(std::string_view value);
/// Escapes a value for a distinguished name (RFC 4514 §2.4).
std::string escape_for_dn(std::string_view value);

}  // namespace posthorn::directory
