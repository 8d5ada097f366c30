#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace posthorn::wire::lex {

/// Extracts command lines from a stream of octets. Only CRLF ends a line (RFC 5321 §2.3.8): a CR or
/// LF alone stays in the line, where parse_command refuses it.
class LineReader {
 public:
  /// `limit` is in octets, without CRLF. RFC 5321 §4.5.3.1.4 requires 512, and extensions some
  /// hundred more each.
  explicit LineReader(std::size_t limit = 4096) : limit_(limit) {}

  struct Line {
    std::string_view
        text;  ///< Without CRLF; valid until the next call. Empty if the line is too long.
    bool too_long = false;  ///< The line was dropped: answer 500 5.5.2 and go on.
  };
  /// Consumes octets from the front of `input`. Returns none if all were consumed and more are
  /// needed. Never holds more than the limit.
  std::optional<Line> take(std::string_view& input);
  /// Returns true if no partial line is held: the next octet begins a new line.
  [[nodiscard]] bool at_start() const { return (held_.empty() || returned_) && !dropping_; }

 private:
  void keep(std::string_view part);
  const std::size_t limit_;
  std::string held_;
  bool dropping_ = false;
  bool cr_ = false;        ///< The last octet was CR.
  bool returned_ = false;  ///< held_ was returned to the caller and must be cleared.
};

}  // namespace posthorn::wire::lex
