#include "text/crlf_text.h"
#include "text/nul.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace posthorn::text {

bool is_crlf_text(std::string_view text, char before) {
  if (text.empty()) return true;
  if (text.front() == '\0' || (text.front() == '\n' && before != '\r')) return false;
  std::size_t i = 1;
  // The loop over 64 octets contains no branch, so that the compiler can vectorise it.
  for (; i + 64 <= text.size(); i += 64) {
    std::uint8_t hit = 0;
    for (std::size_t k = i; k < i + 64; ++k)
      hit |= static_cast<std::uint8_t>(int{text[k] == '\0'} |
                                       (int{text[k] == '\n'} & int{text[k - 1] != '\r'}));
    if (hit != 0) return false;
  }
  for (; i < text.size(); ++i)
    if (text[i] == '\0' || (text[i] == '\n' && text[i - 1] != '\r')) return false;
  return true;
}

std::string_view CrlfText::take(std::string_view piece, std::string& scratch) {
  if (piece.empty()) return piece;
  // An LF at the very beginning is a line end without its CR as well.
  char before = last_;
  last_ = piece.back();
  if (is_crlf_text(piece, before)) return piece;
  scratch.clear();
  for (const char c : piece) {
    if (c == '\n' && before != '\r') scratch += '\r';
    scratch += c == '\0' ? kNulSubstitute : c;
    before = c;
  }
  return scratch;
}

std::string_view CrlfText::finish() const { return last_ == '\n' ? "" : "\r\n"; }

}  // namespace posthorn::text
