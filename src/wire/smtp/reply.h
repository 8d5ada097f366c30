#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace posthorn::wire::smtp {

/// RFC 3463: "5.1.1". The class must be the first digit of the reply code (RFC 2034 §4).
struct EnhancedStatus {
  std::uint16_t klass = 0;  ///< 2, 4 or 5.
  std::uint16_t subject = 0;
  std::uint16_t detail = 0;
  friend bool operator==(const EnhancedStatus&, const EnhancedStatus&) = default;
};

/// One reply, of one line or several (RFC 5321 §4.2.1).
struct Reply {
  std::uint16_t code = 0;  ///< 200 to 599.
  /// None in greetings, in answers to LHLO and in 3yz (RFC 2034 §3).
  std::optional<EnhancedStatus> status = {};
  std::vector<std::string> lines = {};
  friend bool operator==(const Reply&, const Reply&) = default;
  [[nodiscard]] bool is_positive() const { return code < 300; }
};

/// `reply(550, {5, 1, 1}, "no such user")`
Reply reply(std::uint16_t code, EnhancedStatus status, std::string text);
Reply reply(std::uint16_t code, std::string text);

/// With CRLF at the end of each line. Control characters become blanks, so that no text from
/// outside can make a line of its own; lines over 512 octets (RFC 5321 §4.5.3.1.5) are cut.
std::string format_reply(const Reply& reply);

/// "550 5.1.1 no such user", for logs and records: on one line, without control characters, at most
/// `limit` octets.
std::string one_line(const Reply& reply, std::size_t limit = 400);

/// Takes replies out of a byte stream: the client's side.
class ReplyReader {
 public:
  static constexpr std::size_t kMaxLineOctets = 4096;
  static constexpr std::size_t kMaxLines = 256;

  /// Eats from the front of `input`. None: all is eaten and more is needed. Errors: syntax, limit;
  /// after one the stream cannot be read on.
  std::optional<Result<Reply>> take(std::string_view& input);

 private:
  Result<bool> add_line(std::string_view line);
  std::string line_;
  Reply reply_;
};

}  // namespace posthorn::wire::smtp
