#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace posthorn::wire::smtp {

/// An enhanced status code (RFC 3463), e.g. "5.1.1". The class must equal the first digit of the
/// reply code (RFC 2034 §4).
struct EnhancedStatus {
  std::uint16_t klass = 0;  ///< 2, 4 or 5.
  std::uint16_t subject = 0;
  std::uint16_t detail = 0;
  friend bool operator==(const EnhancedStatus&, const EnhancedStatus&) = default;
};

/// A reply of one or more lines (RFC 5321 §4.2.1).
struct Reply {
  std::uint16_t code = 0;  ///< 200 to 599.
  /// Absent in greetings, in replies to LHLO and in 3yz replies (RFC 2034 §3).
  std::optional<EnhancedStatus> status = {};
  std::vector<std::string> lines = {};
  friend bool operator==(const Reply&, const Reply&) = default;
  [[nodiscard]] bool is_positive() const { return code < 300; }
};

/// Example: `reply(550, {5, 1, 1}, "no such user")`.
Reply reply(std::uint16_t code, EnhancedStatus status, std::string text);
Reply reply(std::uint16_t code, std::string text);

/// Formats the reply with a CRLF after each line. Control characters become spaces, so that no text
/// from outside can form a line of its own. Lines over 512 octets (RFC 5321 §4.5.3.1.5) are cut.
std::string format_reply(const Reply& reply);

/// Formats the reply for logs and records, e.g. "550 5.1.1 no such user": on one line, without
/// control characters, at most `limit` octets.
std::string one_line(const Reply& reply, std::size_t limit = 400);

/// Extracts replies from a stream of octets, for clients.
class ReplyReader {
 public:
  static constexpr std::size_t kMaxLineOctets = 4096;
  static constexpr std::size_t kMaxLines = 256;

  /// Consumes octets from the front of `input`. Returns none if all were consumed and more are
  /// needed. Errors: syntax, limit; after an error the stream cannot be read any further.
  std::optional<Result<Reply>> take(std::string_view& input);

 private:
  Result<bool> add_line(std::string_view line);
  std::string line_;
  Reply reply_;
};

}  // namespace posthorn::wire::smtp
