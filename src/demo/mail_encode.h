#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace posthorn::demo::demo {

/// RFC 2045 §6.8, lines of 76 with CRLF.
std::string base64_lines(std::string_view bytes);
/// RFC 2045 §6.7 of text with CRLF line ends.
std::string quoted_printable(std::string_view text);
/// RFC 2047: `text` as encoded-words where it has octets above 127, else as it is. Words are parted
/// by folds, and never within a UTF-8 character.
std::string encoded_words(std::string_view text, std::string_view charset = "UTF-8");
/// RFC 5322 §3.3, e.g. "Mon, 07 Feb 2022 21:52:25 +0100".
std::string mail_date(std::int64_t seconds, int zone_minutes);
/// `text` wrapped at `width` columns (octets), paragraphs kept, each line ended by CRLF.
std::string wrapped(std::string_view text, std::size_t width = 72);
/// UTF-8 to ISO-8859-1; what is not in it becomes '?'.
std::string latin1(std::string_view utf8);

/// A real PNG of one colour gradient, `side` by `side` pixels.
std::string png(unsigned side, std::uint32_t rgb);
/// A one-page PDF that says `line`.
std::string pdf(std::string_view line);
/// A ZIP archive of one stored file.
std::string zip(std::string_view name, std::string_view content);

}  // namespace posthorn::demo::demo
