#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// HTTP requests and responses as values (RFC 9110). Their wire format is in parse_request.h,
/// body_decoder.h and format_response.h.
namespace posthorn::server::http {

/// The codes in use here. Another one is written as `StatusCode{207}`.
enum class StatusCode : std::uint16_t {
  ok = 200,
  no_content = 204,
  found = 302,
  not_modified = 304,
  bad_request = 400,
  unauthorized = 401,
  forbidden = 403,
  not_found = 404,
  method_not_allowed = 405,
  request_timeout = 408,
  content_too_large = 413,
  header_too_large = 431,
  internal_error = 500,
  not_implemented = 501,
  unavailable = 503,
  version_not_supported = 505,
};

/// A name and value, from a query or a header.
struct Field {
  std::string name;
  std::string value;
  friend bool operator==(const Field&, const Field&) = default;
};

/// A request without its body, which an Exchange provides piece by piece.
struct Request {
  /// As the client sent it; the case matters (RFC 9110 §9.1). HEAD appears as GET, because the
  /// answer is made in the same way; see Exchange::is_head().
  std::string method = "GET";
  std::string target = {};  ///< As the client sent it: percent-encoded, with the query.
  /// Percent-decoded, so it may contain any octets, also a slash that was encoded. Begins with a
  /// slash; has no segment "." or "..".
  std::string path = {};
  std::vector<Field> query = {};    ///< Percent-decoded, in the order given. A '+' is not decoded.
  std::vector<Field> headers = {};  ///< In the order given. See header().
  std::string peer = {};            ///< As Stream::peer() reports it.
  bool is_tls = false;              ///< The request came under TLS.

  /// Returns the value of the first header field with this name, ignoring the case of letters
  /// (RFC 9110 §5.1), or null.
  [[nodiscard]] const std::string* header(std::string_view name) const;
};

struct Response {
  StatusCode status = StatusCode::ok;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};  ///< Not for a response that is streamed (Exchange::begin()).
  /// Additional header fields. Those that frame the message (Content-Length, Transfer-Encoding,
  /// Connection), Date and Content-Type are added by the server and must not be among them. In a
  /// value, control characters are replaced by spaces.
  std::vector<Field> more = {};
};

/// Creates a response whose body is one sentence that explains the error.
inline Response refusal(StatusCode status, std::string_view sentence) {
  return {.status = status, .body = std::string(sentence) + "\n"};
}

}  // namespace posthorn::server::http
