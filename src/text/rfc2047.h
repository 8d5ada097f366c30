#pragma once

#include <string>
#include <string_view>

namespace posthorn::text {

/// The text of a header field's value as UTF-8: unfolded, encoded-words decoded (RFC 2047), raw
/// 8-bit bytes guessed (UTF-8, else windows-1252), NUL dropped. White space between adjacent
/// encoded-words goes away (RFC 2047 §6.2), and bytes of adjacent words in one charset are joined
/// before they are converted, since real mailers cut characters in two. Encoded-words are decoded
/// wherever they stand; one with an unknown charset or encoding is left as it is. Time and size
/// are linear in the input.
std::string decode_words(std::string_view raw);

/// A raw value on one line (RFC 5322 §2.2.3): a line end before white space goes, any other
/// line end becomes a space, NUL goes, and so does white space at both ends.
std::string unfold(std::string_view raw);

/// UTF-8 as one or more encoded-words of at most 75 characters, separated by spaces, cut between
/// characters (RFC 2047 §2): Q or B, whichever is shorter. For use in place of a whole
/// value that is not ASCII; control characters are encoded too.
std::string encode_words(std::string_view utf8);

/// A raw value that is fit to be sent as ASCII: itself when it is ASCII, else decoded and encoded
/// again. Requires: unfolded.
std::string ascii_words(std::string_view unfolded);

}  // namespace posthorn::text
