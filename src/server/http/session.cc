#include "server/http/session.h"

#include "base/clock.h"
#include "server/frame/session_log.h"
#include "server/http/exchange.h"
#include "server/http/format_response.h"

namespace posthorn::server::http {
namespace {

using std::chrono::steady_clock;

/// Logs a request without its query, which may contain an address. Frequent requests, and those of
/// scanners that look for vulnerabilities of other servers, are not logged.
void log_served(const net::Stream& stream, const Request& request, StatusCode status) {
  const bool dull = status == StatusCode::not_found || request.path == "/health";
  const auto level = dull ? log::Level::debug : log::Level::info;
  if (log::enabled(level))
    frame::about("request", "http", stream)
        .number("status", static_cast<unsigned>(status))
        .said("method", request.method)
        .said("path", request.path)
        .write(level);
}

frame::Ending ending_of(StatusCode status) {
  const auto code = static_cast<unsigned>(status);
  if (code >= 500) return frame::Ending::failed;
  return code >= 400 ? frame::Ending::refused : frame::Ending::ok;
}

}  // namespace

Session::Session(frame::Accepted<HttpOptions> client)
    : options_(std::move(client.options)),
      connections_(client.connections),
      stream_(client.stream),
      meter_(client.meter),
      input_(client.stream) {}

async::Task<void> Session::run() {
  for (std::uint32_t served = 1; served <= options_->max_requests; ++served) {
    if (connections_.stopping()) co_return;
    const bool go_on = co_await serve_one(served < options_->max_requests);
    if (!go_on) co_return;
  }
}

async::Task<bool> Session::serve_one(bool may_keep_alive) {
  auto head = co_await receive_head();
  if (!head) co_return false;
  if (!head->has_value()) {
    co_await refuse(std::move(head->error()));
    co_return false;
  }
  co_return co_await serve(std::move(**head), may_keep_alive);
}

async::Task<bool> Session::serve(RequestHead head, bool may_keep_alive) {
  head.request.peer = stream_.peer();
  head.request.is_tls = stream_.is_tls();
  Exchange exchange({input_, stream_, *options_, connections_}, std::move(head), may_keep_alive);
  const auto began = frame::CommandMeter::Clock::now();
  Status outcome;
  if (options_->handler) {
    outcome = co_await options_->handler(exchange);
  } else {
    outcome =
        co_await exchange.respond(refusal(StatusCode::not_found, "There is no such resource."));
  }
  const bool go_on = co_await exchange.conclude(std::move(outcome));
  if (exchange.status_) {
    log_served(stream_, exchange.request(), *exchange.status_);
    meter_.note(0, ending_of(*exchange.status_), began);
  }
  co_return go_on;
}

async::Task<std::optional<std::expected<RequestHead, Response>>> Session::receive_head() {
  using Received = std::expected<RequestHead, Response>;
  const Status here = co_await input_.wait(options_->idle_time);
  if (!here) co_return std::nullopt;
  const auto until = steady_clock::now() + options_->request_time;
  std::size_t searched = 0;
  while (true) {
    if (searched == 0) skip_empty_lines();
    const std::string_view rest = input_.rest();
    if (const std::size_t end = find_head_end(rest, searched); end != 0) {
      Received head = parse_head(rest.substr(0, end), options_->limits);
      input_.consume(end);
      co_return head;
    }
    searched = rest.size();
    if (searched > options_->limits.header)
      co_return Received(std::unexpected(refuse_large_header()));
    const Status more = co_await input_.receive(until, ClientInput::kHeaderPortion);
    if (more) continue;
    if (more.error().kind == ErrorKind::timed_out && searched > 0)
      co_return Received(std::unexpected(
          refusal(StatusCode::request_timeout, "The request took too long to arrive.")));
    co_return std::nullopt;
  }
}

// RFC 9112 §2.2: some clients send an empty line after a body.
void Session::skip_empty_lines() {
  while (input_.rest().starts_with('\r') || input_.rest().starts_with('\n')) input_.consume(1);
}

async::Task<void> Session::refuse(Response response) {
  if (log::enabled(log::Level::debug))
    frame::about("request", "http", stream_)
        .number("status", static_cast<unsigned>(response.status))
        .write(log::Level::debug);
  const std::string octets =
      format_head(response, {.length = response.body.size()}, system_clock().now()) + response.body;
  const Status written = co_await stream_.write(octets, options_->write_time);
  if (written) co_await input_.drain();
}

}  // namespace posthorn::server::http
