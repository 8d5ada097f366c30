#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// UTF-8 as in RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF.
namespace posthorn::text {

/// The result of next_code_point for octets that are not UTF-8.
inline constexpr char32_t kBadCodePoint = 0xFFFFFFFF;
/// U+FFFD in UTF-8.
inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_valid_utf8(std::string_view s);

/// Removes one character from the front of `s`, which must not be empty. From octets that are not
/// UTF-8, it removes the longest part that could begin a character (at least one octet; Unicode
/// 3.9, "maximal subpart") and returns kBadCodePoint.
char32_t next_code_point(std::string_view& s);

/// Requires: a scalar value (not a surrogate, at most U+10FFFF).
void append_utf8(std::string& out, char32_t c);

/// Returns `s` with every invalid sequence replaced by U+FFFD.
std::string replace_invalid_utf8(std::string_view s);
void append_valid_utf8(std::string& out, std::string_view s);

/// Returns the length of the longest prefix of `s` with at most `characters` characters.
std::size_t utf8_prefix(std::string_view s, std::size_t characters);
/// Returns the longest prefix of at most `bytes` octets that does not split a character.
std::string_view utf8_cut(std::string_view s, std::size_t bytes);

/// Returns the number of octets at the end of `s` (0 to 3) that begin an incomplete character.
std::size_t incomplete_utf8_tail(std::string_view s);

}  // namespace posthorn::text
