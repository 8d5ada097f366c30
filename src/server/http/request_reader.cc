#include "server/http/request_reader.h"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/url.hpp>
#include <optional>

#include "text/ascii.h"

namespace posthorn::server::http {
namespace {

namespace beast = boost::beast::http;

Response refusal_of(const boost::system::error_code& error) {
  if (error == beast::error::header_limit)
    return refusal(StatusCode::header_too_large, "The header is too large.");
  if (error == beast::error::body_limit)
    return refusal(StatusCode::content_too_large, "The body is too large.");
  if (error == beast::error::bad_version)
    return refusal(StatusCode::version_not_supported, "This server supports HTTP/1.1 only.");
  return refusal(StatusCode::bad_request, "This is not a valid HTTP request.");
}

Method method_of(beast::verb verb) {
  switch (verb) {
    case beast::verb::get: return Method::get;
    case beast::verb::head: return Method::head;
    case beast::verb::post: return Method::post;
    default: return Method::other;
  }
}

/// RFC 9112 §3.2: "/path?query", or the absolute form that proxies receive.
boost::urls::result<boost::urls::url_view> parse_target(boost::core::string_view target) {
  if (target.starts_with('/')) return boost::urls::parse_origin_form(target);
  return boost::urls::parse_absolute_uri(target);
}

}  // namespace

struct RequestReader::State {
  beast::request_parser<beast::string_body> parser;
  bool begun = false;
  bool told_to_go_ahead = false;
  RequestLimits limits = {};
  std::uint64_t after_header = 0;  ///< Octets taken after the end of the header.

  /// Checks what the parser's own limits do not cover. The parser consumes neither a chunk's size
  /// line nor the trailer fields until it has seen their end, and counts neither, so a client could
  /// fill the memory with a line that never ends. `left`: octets that the parser did not consume.
  [[nodiscard]] std::optional<Response> judge_size(std::size_t left) const {
    if (left > limits.header)
      return refusal(
          parser.is_header_done() ? StatusCode::content_too_large : StatusCode::header_too_large,
          "A line of the request is too long.");
    if (after_header > limits.body + limits.framing)
      return refusal(StatusCode::content_too_large, "The body is in too many small chunks.");
    return std::nullopt;
  }

  bool waits_for_go_ahead() {
    if (told_to_go_ahead || !parser.is_header_done() || parser.get().version() < 11) return false;
    told_to_go_ahead = true;
    return text::iequals(parser.get()[beast::field::expect], "100-continue");
  }
};

RequestReader::RequestReader(RequestLimits limits) : state_(std::make_unique<State>()) {
  state_->limits = limits;
  state_->parser.header_limit(limits.header);
  state_->parser.body_limit(limits.body);
  state_->parser.eager(true);
}

RequestReader::~RequestReader() = default;

std::expected<RequestReader::Progress, Response> RequestReader::take(std::string& input) {
  // RFC 9112 §2.2: ignore an empty line, which some clients send after a body.
  while (!state_->begun && (input.starts_with('\r') || input.starts_with('\n'))) input.erase(0, 1);
  if (input.empty()) return Progress::need_more;
  state_->begun = true;
  const bool in_body = state_->parser.is_header_done();
  boost::system::error_code error;
  const std::size_t taken =
      state_->parser.put(boost::asio::const_buffer(input.data(), input.size()), error);
  input.erase(0, taken);
  if (in_body) state_->after_header += taken;
  if (error && error != beast::error::need_more) return std::unexpected(refusal_of(error));
  if (state_->parser.is_done()) return Progress::complete;
  if (auto too_large = state_->judge_size(input.size()))
    return std::unexpected(std::move(*too_large));
  return state_->waits_for_go_ahead() ? Progress::need_go_ahead : Progress::need_more;
}

bool RequestReader::has_begun() const { return state_->begun; }

bool RequestReader::keeps_alive() const { return state_->parser.get().keep_alive(); }

std::expected<Request, Response> RequestReader::request() {
  auto& message = state_->parser.get();
  // A transfer coding other than chunked hides the end of the body (RFC 9112 §6.1).
  if (message.count(beast::field::transfer_encoding) != 0 && !state_->parser.chunked())
    return std::unexpected(
        refusal(StatusCode::not_implemented, "This transfer coding is not supported."));
  // RFC 9112 §3.2: exactly one Host in HTTP/1.1.
  const std::size_t hosts = message.count(beast::field::host);
  if (hosts > 1 || (hosts == 0 && message.version() >= 11))
    return std::unexpected(
        refusal(StatusCode::bad_request, "The request must have exactly one Host field."));
  const auto target = parse_target(message.target());
  if (!target) return std::unexpected(refusal(StatusCode::bad_request, "The target is not a URL."));
  Request request{.method = method_of(message.method()), .path = target->path()};
  // As encodeURIComponent() encodes, unlike forms: a '+' is a '+'.
  const boost::urls::encoding_opts keep_plus(false, false, false);
  for (const auto& parameter : target->params(keep_plus))
    request.query.push_back({parameter.key, parameter.value});
  request.body = std::move(message.body());
  return request;
}

}  // namespace posthorn::server::http
