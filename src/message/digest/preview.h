#pragma once

#include <string>
#include <string_view>

namespace posthorn::message {

/// RFC 8970 §3.3 allows at most 200 characters.
inline constexpr std::size_t kPreviewCharacters = 200;

/// Returns the beginning of a text/plain part as one line of UTF-8. White space is collapsed and
/// control characters are removed; quoted lines (">") are left out if there are others. Empty if
/// the encoding is unknown. The octets may end anywhere.
std::string plain_preview(std::string_view bytes, std::string_view encoding,
                          std::string_view charset);
/// The same for a text/html part, without tags, comments, styles, scripts and the title.
std::string html_preview(std::string_view bytes, std::string_view encoding,
                         std::string_view charset);

/// Extracts the text of an HTML fragment: tags are removed or become a space, entities become their
/// characters. This is not a parser, but good enough for display and search, and takes time linear
/// in the input.
std::string strip_html(std::string_view html);

}  // namespace posthorn::message
