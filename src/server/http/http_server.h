#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "async/task.h"
#include "auth/session_limits.h"
#include "net/stream.h"
#include "server/http/request_reader.h"

namespace posthorn::net {
class TlsContext;
}

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
  /// The certificates now in use; null where there is no TLS. Thread: any loop's.
  std::function<std::shared_ptr<net::TlsContext>()> tls;
};

/// An HTTP/1.1 server (RFC 9112) on streams that somebody else listens for. What the resources are
/// is the business of `HttpOptions::handler`.
class HttpServer {
 public:
  enum class Transport : std::uint8_t { plain, tls };

  HttpServer(HttpContext context, HttpOptions options);
  /// Requires: stop() has ended.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Serves the stream until it ends. Thread: the stream's loop.
  void accept(std::unique_ptr<net::Stream> stream, Transport transport);
  /// Options for connections accepted from now on. Thread: any.
  void set_options(HttpOptions options);
  /// Hangs up on clients that ask nothing just now, lets answers under way finish, and cuts what is
  /// left after `grace`. Ends when no connection is left. Thread: any loop's.
  async::Task<void> stop(std::chrono::milliseconds grace);
  /// Connections served now. Thread: any.
  [[nodiscard]] std::size_t connections() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace posthorn::server::http
