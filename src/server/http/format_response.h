#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "server/http/message.h"

namespace posthorn::server::http {

/// The parts of a response that depend on the request and the connection.
struct Framing {
  bool keep_alive = false;
  bool is_http_1_0 = false;  ///< Of the client.
  /// The length of the body in octets. None: it comes in chunks, or to an HTTP/1.0 client until the
  /// connection is closed (RFC 9112 §6.3).
  std::optional<std::size_t> length = 0;
};

/// Formats a response's status line and header, to the empty line. `now` is used for Date
/// (RFC 9110 §6.6.1).
std::string format_head(const Response& response, Framing framing, Timestamp now);

/// Returns whether a response with this status can have a body (RFC 9112 §6.3).
bool has_body(StatusCode status);

/// Appends a chunk (RFC 9112 §7.1). Requires: `piece` is not empty.
void append_chunk(std::string& out, std::string_view piece);
/// Ends a body that came in chunks.
constexpr std::string_view kLastChunk = "0\r\n\r\n";

/// Formats a date, e.g. "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
std::string format_http_date(Timestamp t);

}  // namespace posthorn::server::http
