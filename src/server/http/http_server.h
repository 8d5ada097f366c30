#pragma once

#include "async/task.h"
#include "auth/session_limits.h"
#include "server/frame/endpoint.h"
#include "server/http/http_options.h"

namespace posthorn::server::http {

/// The parts of the process the server works with. All must outlive the server.
struct HttpContext {
  auth::SessionLimits& limits;
  frame::TlsSource tls;
};

/// An HTTP/1.1 server (RFC 9112). `HttpOptions::handler` provides the resources. When the server
/// stops, connections without a request in progress are closed; others after their response.
class HttpServer final : public frame::Endpoint<HttpOptions> {
 public:
  /// `name` is what log lines and metrics call it; it must be static.
  HttpServer(HttpContext context, HttpOptions options, std::string_view name = "http");

 private:
  async::Task<void> serve(frame::Accepted<HttpOptions> client) override;

  const HttpContext context_;
};

}  // namespace posthorn::server::http
