#include "wire/smtp/line_check.h"

namespace posthorn::wire::smtp {

void LineCheck::feed(std::string_view octets) {
  for (const char c : octets) {
    if (c == '\n') {
      if (!cr_) set(LineFault::bare_lf);
      length_ = 0;
      cr_ = false;
      continue;
    }
    if (cr_) set(LineFault::bare_cr);
    cr_ = c == '\r';
    if (c == '\0') set(LineFault::nul);
    if (!cr_ && ++length_ > kMaxLine) set(LineFault::too_long);
  }
}

}  // namespace posthorn::wire::smtp
