#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// HTTP requests and responses as values (RFC 9110). Their wire format is in request_reader.h and
/// format_response.h.
namespace posthorn::server::http {

enum class Method : std::uint8_t { get, head, post, other };

enum class StatusCode : std::uint16_t {
  ok = 200,
  found = 302,
  bad_request = 400,
  not_found = 404,
  method_not_allowed = 405,
  request_timeout = 408,
  content_too_large = 413,
  header_too_large = 431,
  not_implemented = 501,
  version_not_supported = 505,
};

/// A name and value, from a query or a header.
struct Field {
  std::string name;
  std::string value;
  friend bool operator==(const Field&, const Field&) = default;
};

struct Request {
  Method method = Method::get;
  std::string path = {};  ///< Percent-decoded, so it may contain any octets. Begins with a slash.
  std::vector<Field> query = {};  ///< Percent-decoded, in the order given. A '+' is not decoded.
  std::string body = {};
  bool is_tls = false;  ///< The request came under TLS.
};

struct Response {
  StatusCode status = StatusCode::ok;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
  std::vector<Field> more = {};  ///< Additional header fields.
};

/// Creates a response whose body is one sentence that explains the error.
inline Response refusal(StatusCode status, std::string_view sentence) {
  return {.status = status, .body = std::string(sentence) + "\n"};
}

}  // namespace posthorn::server::http
