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

/// Answers one request; to HEAD as to GET, since the server leaves the body out. Must be short and
/// not block. Thread: any loop's.
using Handler = std::function<Response(const Request&)>;

struct HttpOptions {
  Handler handler = {};  ///< Without one, every request is answered 404.
  RequestLimits limits = {};
  std::uint32_t max_requests = 100;                                   ///< Over one connection.
  std::chrono::milliseconds idle_time = std::chrono::seconds(30);     ///< Between two requests.
  std::chrono::milliseconds request_time = std::chrono::seconds(20);  ///< For a whole request.
  std::chrono::milliseconds write_time = std::chrono::seconds(20);    ///< For a peer to take bytes.
};

/// What the server stands on. All of it must outlive the server.
struct HttpContext {
  auth::SessionLimits& limits;
  frame::TlsSource tls;
};

/// An HTTP/1.1 server (RFC 9112). What the resources are is the business of `HttpOptions::handler`.
/// A stop closes connections on which no request is under way.
class HttpServer final : public frame::Endpoint<HttpOptions> {
 public:
  HttpServer(HttpContext context, HttpOptions options);

 private:
  async::Task<void> serve(frame::Accepted<HttpOptions> client) override;

  const HttpContext context_;
};

}  // namespace posthorn::server::http
