#pragma once

#include <string>
#include <string_view>

namespace posthorn::text {

/// Returns whether `text` can be sent unchanged over a line-based protocol: it contains no NUL, and
/// LF only in CRLF. `before` is the octet before it, or LF at the beginning of the whole text.
bool is_crlf_text(std::string_view text, char before);

/// Converts octets for a line-based protocol, portion by portion. A bare LF becomes CRLF. NUL, at
/// which many clients end a line, becomes kNulSubstitute (text/nul.h). A bare CR is kept, because
/// it does not end a line.
class CrlfText {
 public:
  /// Returns `piece` in that form: `piece` itself if nothing had to be changed, otherwise a view of
  /// `scratch`, whose previous content is lost.
  std::string_view take(std::string_view piece, std::string& scratch);
  /// Returns what is missing at the end of the text: CRLF if the last line has no line end,
  /// otherwise nothing.
  [[nodiscard]] std::string_view finish() const;

 private:
  char last_ = '\n';
};

}  // namespace posthorn::text
