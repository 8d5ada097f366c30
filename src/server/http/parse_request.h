#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "server/http/message.h"

namespace posthorn::server::http {

/// All limits are in octets on the wire, if nothing else is said.
struct RequestLimits {
  /// The request line and the header fields together. It is also the limit for any one line of a
  /// chunked body that gives a chunk's size, and for all trailer fields together (RFC 9112 §7.1).
  std::uint32_t header = 8 << 10;
  std::uint32_t fields = 100;  ///< The number of header fields.
  /// A request's body, decoded. A handler that takes more says so: Exchange::limit_body().
  std::uint64_t body = 16 << 10;
  /// The overhead of a chunked body: size lines, extensions and trailer fields. A client that sends
  /// chunks of one octet needs five octets of overhead for each. A quarter of the body is added.
  std::uint64_t framing = 128 << 10;
};

/// How the end of a request's body is found (RFC 9112 §6.3).
struct BodyFraming {
  bool chunked = false;
  std::uint64_t length = 0;  ///< In octets, if it is not chunked.
};

/// What the header of a request says.
struct RequestHead {
  Request request = {};  ///< Without peer and is_tls.
  BodyFraming body = {};
  bool is_head = false;           ///< The method is HEAD.
  bool is_http_1_0 = false;       ///< The client may not understand chunks.
  bool keep_alive = false;        ///< The client wants another request to follow (RFC 9112 §9.3).
  bool expects_continue = false;  ///< The client may wait for a 100 response (RFC 9110 §10.1.1).
};

/// Returns the length of the header at the front of `input` including the empty line that ends it,
/// or 0 if that line has not arrived. `searched`: so many octets are known not to contain it.
std::size_t find_head_end(std::string_view input, std::size_t searched = 0);

/// Parses a header that find_head_end() found. Errors: the response to send before closing. What
/// two programs in a row could understand differently is refused: a folded line, white space before
/// a colon, both Content-Length and Transfer-Encoding, several lengths (RFC 9112 §5, §6.3).
std::expected<RequestHead, Response> parse_head(std::string_view head, const RequestLimits& limits);

/// The response to a header that exceeds RequestLimits::header.
Response refuse_large_header();

}  // namespace posthorn::server::http
