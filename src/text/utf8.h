#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// UTF-8 by RFC 3629: no surrogates, nothing overlong, nothing above U+10FFFF.
namespace posthorn::text {

/// What `next_code_point` yields for bytes that are not UTF-8.
inline constexpr char32_t kBadCodePoint = 0xFFFFFFFF;
/// U+FFFD as UTF-8.
inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_valid_utf8(std::string_view s);

/// Takes one character off the front of `s`, which is not empty. On bytes that are not UTF-8 takes
/// the longest part that could have begun a character (at least one byte; Unicode 3.9, "maximal
/// subpart") and returns kBadCodePoint.
char32_t next_code_point(std::string_view& s);

/// Requires: a scalar value (not a surrogate, at most U+10FFFF).
void append_utf8(std::string& out, char32_t c);

/// `s` with every bad sequence replaced by U+FFFD.
std::string replace_invalid_utf8(std::string_view s);
void append_valid_utf8(std::string& out, std::string_view s);

/// The length of the longest prefix of `s` that holds at most `characters` characters.
std::size_t utf8_prefix(std::string_view s, std::size_t characters);
/// The longest prefix of at most `bytes` bytes that does not cut a character in two.
std::string_view utf8_cut(std::string_view s, std::size_t bytes);

/// How many bytes at the end of `s` (0 to 3) begin a character that is not complete.
std::size_t incomplete_utf8_tail(std::string_view s);

}  // namespace posthorn::text
