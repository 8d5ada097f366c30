#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace posthorn::wire::smtp {

/// Encodes xtext (RFC 3461 §4): characters that are not allowed in a parameter become "+XX".
std::string format_xtext(std::string_view bytes);
/// Decodes xtext. Returns none if the text is not xtext or decodes to control characters. UTF-8 may
/// occur unencoded (RFC 6533 §3).
std::optional<std::string> parse_xtext(std::string_view text);

}  // namespace posthorn::wire::smtp
