#pragma once

#include <string>
#include <string_view>

namespace posthorn::text {

/// A lenient, streaming decoder for quoted-printable (RFC 2045 §6.7). It accepts hexadecimal digits
/// of either case. An "=" that begins neither a digit pair nor a soft line break is kept, as the
/// RFC advises. White space at the end of a line is removed (rule 3).
class QuotedPrintableDecoder {
 public:
  void feed(std::string_view encoded, std::string& out);
  void finish(std::string& out);

 private:
  static std::size_t take_lines(std::string_view encoded, std::string& out);
  void step(char c, std::string& out);
  void step_held(char c, std::string& out);
  // Undecided input: white space, or "=" with the octets after it. At most kMaxHeld octets.
  static constexpr std::size_t kMaxHeld = 1024;
  std::string held_;
};

}  // namespace posthorn::text
