#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "async/task.h"
#include "auth/session_limits.h"
#include "server/frame/endpoint.h"
#include "server/http/request_reader.h"

namespace posthorn::server::http {

/// Answers one request. HEAD is answered like GET; the server omits the body. Must be short and
/// must not block. Thread: any loop's.
using Handler = std::function<Response(const Request&)>;

struct HttpOptions {
  Handler handler = {};  ///< If not set, every request is answered 404.
  RequestLimits limits = {};
  std::uint32_t max_requests = 100;                                   ///< Over one connection.
  std::chrono::milliseconds idle_time = std::chrono::seconds(30);     ///< Between two requests.
  std::chrono::milliseconds request_time = std::chrono::seconds(20);  ///< For a whole request.
  /// For the client to take pending output.
  std::chrono::milliseconds write_time = std::chrono::seconds(20);
};

/// The parts of the process the server works with. All must outlive the server.
struct HttpContext {
  auth::SessionLimits& limits;
  frame::TlsSource tls;
};

/// An HTTP/1.1 server (RFC 9112). `HttpOptions::handler` provides the resources. When the server
/// stops, connections without a request in progress are closed.
class HttpServer final : public frame::Endpoint<HttpOptions> {
 public:
  HttpServer(HttpContext context, HttpOptions options);

 private:
  async::Task<void> serve(frame::Accepted<HttpOptions> client) override;

  const HttpContext context_;
};

}  // namespace posthorn::server::http
