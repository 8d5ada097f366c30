#pragma once

#include <string>
#include <string_view>

namespace posthorn::wire::lex {

/// Text as it goes between a line that announces it and a line with a single dot (RFC 5321 §4.5.2,
/// RFC 1939 §3): a line that begins with a dot gets another one. Fed in any portions. Requires: an
/// LF comes only in CRLF.
class DotStuffer {
 public:
  /// Appends `piece` to `out`.
  void add(std::string_view piece, std::string& out);
  /// Appends the end: a CRLF if the text lacks its last one, and ".CRLF".
  void finish(std::string& out);

 private:
  bool at_line_start_ = true;
};

}  // namespace posthorn::wire::lex
