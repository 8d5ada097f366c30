#pragma once

#include <string>
#include <string_view>

namespace posthorn::message {

/// RFC 8970 §3.3 asks for at most 200 characters.
inline constexpr std::size_t kPreviewCharacters = 200;

/// The beginning of a text/plain part as one line of UTF-8: white space collapsed, control
/// characters gone, quoted lines (">") left out if there are others. Empty when the encoding is
/// not known. The bytes may end anywhere.
std::string plain_preview(std::string_view bytes, std::string_view encoding,
                          std::string_view charset);
/// The same of a text/html part, without tags, comments, styles, scripts and the head's title.
std::string html_preview(std::string_view bytes, std::string_view encoding,
                         std::string_view charset);

/// The text of an HTML fragment: tags become nothing or a space, entities their character. Not a
/// parser: good enough to show and to search, and linear in the input.
std::string strip_html(std::string_view html);

}  // namespace posthorn::message
