#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace posthorn::wire::smtp {

/// RFC 3461 §4: "+XX" for what must not stand in a parameter.
std::string format_xtext(std::string_view bytes);
/// Refuses what decodes to control characters or is no xtext. UTF-8 may stand for itself (RFC 6533
/// §3).
std::optional<std::string> parse_xtext(std::string_view text);

}  // namespace posthorn::wire::smtp
