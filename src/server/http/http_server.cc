#include "server/http/http_server.h"

#include <utility>

#include "server/frame/session_log.h"
#include "server/http/session.h"

namespace posthorn::server::http {
namespace {

/// The time limit for a TLS handshake.
constexpr std::chrono::seconds kHandshake(20);

}  // namespace

HttpServer::HttpServer(HttpContext context, HttpOptions options, std::string_view name)
    : Endpoint(name, {"request"}, std::move(options)), context_(std::move(context)) {}

async::Task<void> HttpServer::serve(frame::Accepted<HttpOptions> client) {
  const auto slot = context_.limits.admit_connection(client.stream.peer());
  if (!slot) {
    frame::about("refused", "http", client.stream).failure(slot.error()).write(log::Level::warning);
    co_return;
  }
  const bool begun =
      co_await frame::begin(client.stream, client.transport, context_.tls, kHandshake, "http");
  if (!begun) co_return;
  const auto session = std::make_unique<Session>(std::move(client));
  co_await session->run();
}

}  // namespace posthorn::server::http
