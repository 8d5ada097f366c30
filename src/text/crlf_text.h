#pragma once

#include <string>
#include <string_view>

namespace posthorn::text {

/// Whether `text` can go over a protocol of lines as it is: no NUL, and no LF but in CRLF. `before`
/// is the octet in front of it; LF at the beginning of everything.
bool is_crlf_text(std::string_view text, char before);

/// Makes octets fit for a protocol of lines, portion by portion: an LF alone becomes CRLF, and NUL,
/// at which many clients take a line to end, becomes kNulSubstitute (text/nul.h). A CR alone stays:
/// it ends no line.
class CrlfText {
 public:
  /// `piece` in that form: itself when nothing had to be changed, else in `scratch`, whose former
  /// content goes.
  std::string_view take(std::string_view piece, std::string& scratch);
  /// What is missing at the end of everything: CRLF when the last line has no end, else nothing.
  [[nodiscard]] std::string_view finish() const;

 private:
  char last_ = '\n';
};

}  // namespace posthorn::text
