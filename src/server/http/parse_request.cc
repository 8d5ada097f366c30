#include "server/http/parse_request.h"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/url.hpp>

#include "text/ascii.h"

namespace posthorn::server::http {
namespace {

namespace beast = boost::beast::http;
using Parser = beast::request_parser<beast::empty_body>;
template <class T>
using OrRefusal = std::expected<T, Response>;

std::unexpected<Response> refuse(StatusCode status, std::string_view sentence) {
  return std::unexpected(refusal(status, sentence));
}

/// Checks the lines themselves, before the parser joins folded ones.
OrRefusal<void> judge_lines(std::string_view head, const RequestLimits& limits) {
  std::uint32_t lines = 0;
  for (std::size_t at = head.find("\r\n"); at != head.npos; at = head.find("\r\n", at + 2)) {
    if (++lines > limits.fields + 2) return std::unexpected(refuse_large_header());
    if (at + 2 < head.size() && text::is_wsp(head[at + 2]))
      return refuse(StatusCode::bad_request, "A line of the header is folded.");
  }
  return {};
}

/// RFC 9112 §3.2: "/path?query", or the absolute form that proxies receive.
boost::urls::result<boost::urls::url_view> parse_target(boost::core::string_view target) {
  if (target.starts_with('/')) return boost::urls::parse_origin_form(target);
  return boost::urls::parse_absolute_uri(target);
}

/// Clients remove dot segments before they send (RFC 3986 §5.2.4). One that is left could lead out
/// of the prefix under which a handler is mounted.
bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);  // The slash.
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(end);
  }
  return false;
}

OrRefusal<Request> request_of(const Parser::value_type& message) {
  // RFC 9112 §3.2: exactly one Host in HTTP/1.1.
  const std::size_t hosts = message.count(beast::field::host);
  if (hosts > 1 || (hosts == 0 && message.version() >= 11))
    return refuse(StatusCode::bad_request, "The request must have exactly one Host field.");
  const auto target = parse_target(message.target());
  if (!target) return refuse(StatusCode::bad_request, "The target is not a URL.");
  Request request{
      .method = message.method_string(), .target = message.target(), .path = target->path()};
  if (request.path.empty()) request.path = "/";  // Of "http://host" (RFC 9110 §4.2.3).
  if (!request.path.starts_with('/') || has_dot_segment(request.path))
    return refuse(StatusCode::bad_request, "The target's path is not in its normal form.");
  // As encodeURIComponent() encodes, unlike forms: a '+' is a '+'.
  const boost::urls::encoding_opts keep_plus(false, false, false);
  for (const auto& parameter : target->params(keep_plus))
    request.query.push_back({parameter.key, parameter.value});
  for (const auto& field : message) request.headers.push_back({field.name_string(), field.value()});
  return request;
}

/// The parser has checked the value of Content-Length, and that several are the same.
OrRefusal<BodyFraming> framing_of(const Parser& parser) {
  const auto& message = parser.get();
  const std::size_t codings = message.count(beast::field::transfer_encoding);
  if (codings == 0) return BodyFraming{.length = parser.content_length().value_or(0)};
  // RFC 9112 §6.1: an HTTP/1.0 client that sends one does not know what it means.
  if (message.count(beast::field::content_length) != 0 || message.version() < 11)
    return refuse(StatusCode::bad_request, "The length of the body is not clear.");
  if (codings > 1 || !text::iequals(message[beast::field::transfer_encoding], "chunked"))
    return refuse(StatusCode::not_implemented, "This transfer coding is not supported.");
  return BodyFraming{.chunked = true};
}

}  // namespace

std::size_t find_head_end(std::string_view input, std::size_t searched) {
  const std::size_t at = input.find("\r\n\r\n", searched < 3 ? 0 : searched - 3);
  return at == input.npos ? 0 : at + 4;
}

Response refuse_large_header() {
  return refusal(StatusCode::header_too_large, "The header is too large.");
}

OrRefusal<RequestHead> parse_head(std::string_view head, const RequestLimits& limits) {
  if (head.size() > limits.header) return std::unexpected(refuse_large_header());
  if (auto lines = judge_lines(head, limits); !lines)
    return std::unexpected(std::move(lines.error()));
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(head.size()));
  parser.body_limit(boost::none);
  boost::system::error_code error;
  parser.put(boost::asio::const_buffer(head.data(), head.size()), error);
  if (error == beast::error::bad_version)
    return refuse(StatusCode::version_not_supported, "This server supports HTTP/1.1 only.");
  if (error || !parser.is_header_done())
    return refuse(StatusCode::bad_request, "This is not a valid HTTP request.");
  auto body = framing_of(parser);
  if (!body) return std::unexpected(std::move(body.error()));
  auto request = request_of(parser.get());
  if (!request) return std::unexpected(std::move(request.error()));
  RequestHead out{.request = std::move(*request), .body = *body};
  out.is_head = out.request.method == "HEAD";
  if (out.is_head) out.request.method = "GET";
  out.is_http_1_0 = parser.get().version() < 11;
  out.keep_alive = parser.get().keep_alive();
  // RFC 9110 §10.1.1: ignored in HTTP/1.0, and if no body follows.
  out.expects_continue = !out.is_http_1_0 && (body->chunked || body->length > 0) &&
                         text::iequals(parser.get()[beast::field::expect], "100-continue");
  return out;
}

}  // namespace posthorn::server::http
