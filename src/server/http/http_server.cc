#include "server/http/http_server.h"

#include <mutex>

#include "base/log.h"
#include "net/tls_context.h"
#include "server/dialogue/connections.h"
#include "server/http/session.h"

namespace posthorn::server::http {
namespace {

/// A TLS handshake that takes longer is none.
constexpr std::chrono::seconds kHandshake(20);

using Options = std::shared_ptr<const HttpOptions>;

}  // namespace

struct HttpServer::State {
  State(HttpContext with, HttpOptions with_options)
      : context(std::move(with)),
        options(std::make_shared<const HttpOptions>(std::move(with_options))) {}
  const HttpContext context;
  std::mutex mutex;
  Options options;
  dialogue::Connections connections;

  Options current() {
    const std::lock_guard lock(mutex);
    return options;
  }
  async::Task<void> serve(net::Stream& stream, Transport transport);
};

async::Task<void> HttpServer::State::serve(net::Stream& stream, Transport transport) {
  const auto slot = context.limits.admit_connection(stream.peer());
  if (!slot) {
    log::warning("http {}: {}", stream.peer(), slot.error().text);
    co_return;
  }
  if (transport == Transport::tls) {
    Status ready = co_await stream.start_tls(context.tls(), kHandshake);
    if (!ready) {
      log::debug("http {}: TLS: {} ({})", stream.peer(), ready.error().text, ready.error().cause);
      co_return;
    }
  }
  // On the heap: what a session is does not belong into the frame of who waits for it.
  const auto session = std::make_unique<Session>(current(), connections, stream);
  co_await session->run();
}

HttpServer::HttpServer(HttpContext context, HttpOptions options)
    : state_(std::make_unique<State>(std::move(context), std::move(options))) {}

HttpServer::~HttpServer() = default;

void HttpServer::accept(std::unique_ptr<net::Stream> stream, Transport transport) {
  State& state = *state_;
  state.connections.start(
      std::move(stream), [&state, transport](net::Stream& s) { return state.serve(s, transport); });
}

void HttpServer::set_options(HttpOptions options) {
  auto fresh = std::make_shared<const HttpOptions>(std::move(options));
  const std::lock_guard lock(state_->mutex);
  state_->options.swap(fresh);
}

async::Task<void> HttpServer::stop(std::chrono::milliseconds grace) {
  return state_->connections.stop(grace);
}

std::size_t HttpServer::connections() const { return state_->connections.count(); }

}  // namespace posthorn::server::http
