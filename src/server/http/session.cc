#include "server/http/session.h"

#include "base/clock.h"
#include "base/log.h"

namespace posthorn::server::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kReadOctets = 2 << 10;
/// How many octets are read and discarded after a refusal, and for how long.
constexpr std::size_t kDrainOctets = 256 << 10;
constexpr std::chrono::seconds kDrainTime(2);

milliseconds time_left(steady_clock::time_point until) {
  const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
  return std::max(left, milliseconds(1));
}

/// Logs a request without its query, which may contain an address. Frequent requests, and those of
/// scanners that look for vulnerabilities of other servers, are not logged.
void log_served(const net::Stream& stream, const Request& request, const Response& response) {
  const bool dull = response.status == StatusCode::not_found || request.path == "/health";
  const auto level = dull ? log::Level::debug : log::Level::info;
  if (log::enabled(level))
    log::write(level, fmt::format("http {}: {} {}", stream.peer(), request.path,
                                  static_cast<unsigned>(response.status)));
}

}  // namespace

Session::Session(frame::Accepted<HttpOptions> client)
    : options_(std::move(client.options)),
      connections_(client.connections),
      stream_(client.stream) {}

async::Task<void> Session::run() {
  for (std::uint32_t served = 1; served <= options_->max_requests; ++served) {
    const bool go_on = co_await serve_one(served < options_->max_requests);
    if (!go_on) break;
  }
}

async::Task<bool> Session::serve_one(bool may_keep_alive) {
  RequestReader reader(options_->limits);
  auto request = co_await receive(reader);
  if (!request) co_return false;
  if (!request->has_value()) {
    log::debug("http {}: {}", stream_.peer(), static_cast<unsigned>(request->error().status));
    const bool sent = co_await send(std::move(request->error()), {});
    if (sent) co_await hang_up_gently();
    co_return false;
  }
  co_return co_await serve(std::move(**request), may_keep_alive && reader.keeps_alive());
}

async::Task<bool> Session::serve(Request request, bool keep_alive) {
  request.is_tls = stream_.is_tls();
  Response response = options_->handler
                          ? options_->handler(request)
                          : refusal(StatusCode::not_found, "There is no such resource.");
  log_served(stream_, request, response);
  const Framing framing{.keep_alive = keep_alive && !connections_.stopping(),
                        .without_body = request.method == Method::head};
  const bool sent = co_await send(std::move(response), framing);
  if (!sent) co_return false;
  co_return framing.keep_alive;
}

async::Task<std::optional<std::expected<Request, Response>>> Session::receive(
    RequestReader& reader) {
  using Received = std::expected<Request, Response>;
  if (in_.empty()) {
    Status here = co_await wait_for_request();
    if (!here) co_return std::nullopt;
  }
  const Time until = steady_clock::now() + options_->request_time;
  while (true) {
    const auto progress = reader.take(in_);
    if (!progress) co_return Received(std::unexpected(progress.error()));
    if (*progress == RequestReader::Progress::complete) co_return reader.request();
    if (*progress == RequestReader::Progress::need_go_ahead) {
      Status said = co_await stream_.write("HTTP/1.1 100 Continue\r\n\r\n", options_->write_time);
      if (!said) co_return std::nullopt;
    }
    Status more = co_await read_more(until);
    if (more) continue;
    if (more.error().kind == ErrorKind::timed_out && reader.has_begun())
      co_return Received(std::unexpected(
          refusal(StatusCode::request_timeout, "The request took too long to arrive.")));
    co_return std::nullopt;
  }
}

async::Task<Status> Session::wait_for_request() {
  std::string().swap(in_);
  const auto readable = co_await stream_.wait_readable(options_->idle_time);
  if (!readable) co_return std::unexpected(readable.error());
  if (!*readable) co_return fail(ErrorKind::unavailable, "this server is shutting down");
  co_return Status();
}

async::Task<Status> Session::read_more(Time until) {
  if (steady_clock::now() >= until)
    co_return fail(ErrorKind::timed_out, "the request took too long to arrive");
  const std::size_t had = in_.size();
  in_.resize(had + kReadOctets);
  const auto got = co_await stream_.read_some(std::span(in_).subspan(had), time_left(until));
  in_.resize(had + got.value_or(0));
  if (!got) co_return std::unexpected(got.error());
  if (*got == 0) co_return fail(ErrorKind::closed, "the client closed the connection");
  co_return Status();
}

async::Task<bool> Session::send(Response response, Framing framing) {
  const std::string octets = format_response(std::move(response), framing, system_clock().now());
  const Status written = co_await stream_.write(octets, options_->write_time);
  co_return written.has_value();
}

// If a socket is closed with unread octets, the system discards what the client has not yet read of
// the refusal (RFC 9112 §9.6).
async::Task<void> Session::hang_up_gently() {
  const Time until = steady_clock::now() + kDrainTime;
  for (std::size_t drained = 0; drained < kDrainOctets; drained += in_.size()) {
    in_.clear();
    const Status more = co_await read_more(until);
    if (!more) co_return;
  }
}

}  // namespace posthorn::server::http
