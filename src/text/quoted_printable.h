#pragma once

#include <string>
#include <string_view>

namespace posthorn::text {

/// Lenient, streaming quoted-printable (RFC 2045 §6.7). Hexadecimal digits of either case;
/// an "=" that begins neither a digit pair nor a soft line break stands for itself, as the RFC
/// advises; blanks at the end of a line are dropped (rule 3).
class QuotedPrintableDecoder {
 public:
  void feed(std::string_view encoded, std::string& out);
  void finish(std::string& out);

 private:
  static std::size_t take_lines(std::string_view encoded, std::string& out);
  void step(char c, std::string& out);
  void step_held(char c, std::string& out);
  // What cannot be decided yet: blanks, or "=" with what followed it. At most kMaxHeld bytes.
  static constexpr std::size_t kMaxHeld = 1024;
  std::string held_;
};

}  // namespace posthorn::text
