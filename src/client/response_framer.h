#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace posthorn::client {

/// Finds where a server's response ends: at the CRLF that is not a literal's (RFC 9051 §4.3, §9).
/// Looks at every octet once, however the bytes arrive.
class ResponseFramer {
 public:
  /// `limit`: octets a response may have with its literals.
  explicit ResponseFramer(std::size_t limit) : limit_(limit) {}

  /// `buffer` begins with the response and only grows between calls. Returns its length with the
  /// last CRLF, or nothing when more is needed; after a length the next response is begun. Errors:
  /// too_big; syntax for a line that ends in a bare LF.
  Result<std::optional<std::size_t>> find_end(std::string_view buffer);

 private:
  std::size_t limit_;
  std::size_t line_ = 0;     ///< Where the current line begins.
  std::size_t scanned_ = 0;  ///< Up to where there is no LF in it.
};

/// Whether a response is a condition (`tag OK text`, `* BYE text`) or a continuation: then its text
/// is free and never announces a literal.
bool is_status_response(std::string_view line);

}  // namespace posthorn::client
