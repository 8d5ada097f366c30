#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace posthorn::wire::lex {

/// Extracts lines that end with LF from a stream of octets, for the protocols of mail transfer
/// agents. Never holds more than the limit.
class LfLines {
 public:
  /// `limit` is in octets, without the LF.
  explicit LfLines(std::size_t limit) : limit_(limit) {}

  /// Consumes octets from the front of `input`. Returns the next line without its LF, or none if
  /// all were consumed and more are needed, or if the line is too long.
  std::optional<std::string> take(std::string_view& input);
  /// A line was longer than the limit. Nothing more is returned then.
  [[nodiscard]] bool too_long() const { return too_long_; }

 private:
  const std::size_t limit_;
  std::string held_;
  bool too_long_ = false;
};

}  // namespace posthorn::wire::lex
