#pragma once

#include <string>
#include <string_view>

namespace posthorn::wire::lex {

/// Encodes text that ends with a line consisting of a single dot (RFC 5321 §4.5.2, RFC 1939 §3):
/// lines that begin with a dot get another one. The text may be added in portions of any size.
/// Requires: LF occurs only in CRLF.
class DotStuffer {
 public:
  /// Appends `piece` to `out`.
  void add(std::string_view piece, std::string& out);
  /// Appends the end: a CRLF if the text does not end with one, and ".CRLF".
  void finish(std::string& out);

 private:
  bool at_line_start_ = true;
};

}  // namespace posthorn::wire::lex
