#pragma once

#include <string>
#include <string_view>

namespace posthorn::text {

/// Converts the value of a header field to UTF-8: it is unfolded, encoded-words are decoded (RFC
/// 2047), the charset of raw 8-bit octets is guessed (UTF-8, otherwise windows-1252), and NUL is
/// dropped. White space between adjacent encoded-words is removed (RFC 2047 §6.2). The octets of
/// adjacent words in one charset are joined before they are converted, since some mailers split
/// characters. Encoded-words are decoded wherever they occur; a word with an unknown charset or
/// encoding is left unchanged. Time and size are linear in the input.
std::string decode_words(std::string_view raw);

/// Converts a raw value to one line (RFC 5322 §2.2.3): a line end before white space is removed,
/// any other becomes a space, and NUL and white space at both ends are removed.
std::string unfold(std::string_view raw);

/// Encodes UTF-8 as one or more encoded-words of at most 75 characters, separated by spaces and
/// split between characters (RFC 2047 §2). Uses Q or B, whichever is shorter. Meant for a whole
/// value that is not ASCII; control characters are encoded too.
std::string encode_words(std::string_view utf8);

/// Returns a raw value in a form that can be sent as ASCII: unchanged if it is ASCII, otherwise
/// decoded and encoded again. Requires: unfolded.
std::string ascii_words(std::string_view unfolded);

}  // namespace posthorn::text
