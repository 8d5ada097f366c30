#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace posthorn::wire::lex {

/// Takes command lines out of a byte stream. Only CRLF ends a line (RFC 5321 §2.3.8): a CR or LF
/// alone stays in it, and parse_command refuses it there.
class LineReader {
 public:
  /// `limit`: octets without CRLF. RFC 5321 §4.5.3.1.4 asks for 512, and extensions for some
  /// hundred more each.
  explicit LineReader(std::size_t limit = 4096) : limit_(limit) {}

  struct Line {
    std::string_view text;  ///< Without CRLF; valid until the next call. Empty when too long.
    bool too_long = false;  ///< The line was dropped: answer 500 5.5.2 and go on.
  };
  /// Eats from the front of `input`. None: all is eaten and more is needed. Never holds more than
  /// the limit.
  std::optional<Line> take(std::string_view& input);
  /// Whether nothing of a line is held: what follows is the first octet of a new one.
  [[nodiscard]] bool at_start() const { return (held_.empty() || returned_) && !dropping_; }

 private:
  void keep(std::string_view part);
  const std::size_t limit_;
  std::string held_;
  bool dropping_ = false;
  bool cr_ = false;        ///< The last octet seen was CR.
  bool returned_ = false;  ///< held_ was given out and is to be cleared.
};

}  // namespace posthorn::wire::lex
