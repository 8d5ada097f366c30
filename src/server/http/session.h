#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "async/task.h"
#include "server/frame/endpoint.h"
#include "server/http/format_response.h"
#include "server/http/http_server.h"
#include "server/http/message.h"
#include "server/http/request_reader.h"

namespace posthorn::server::http {

/// One client's connection, which serves request after request.
class Session {
 public:
  explicit Session(frame::Accepted<HttpOptions> client);
  async::Task<void> run();

 private:
  using Time = std::chrono::steady_clock::time_point;

  /// Returns whether to continue with another request.
  async::Task<bool> serve_one(bool may_keep_alive);
  async::Task<bool> serve(Request request, bool keep_alive);
  /// Receives a request. None: nobody waits for an answer. An error is the answer to send before
  /// closing.
  async::Task<std::optional<std::expected<Request, Response>>> receive(RequestReader& reader);
  async::Task<Status> wait_for_request();
  async::Task<Status> read_more(Time until);
  async::Task<bool> send(Response response, Framing framing);
  async::Task<void> hang_up_gently();

  const std::shared_ptr<const HttpOptions> options_;
  const frame::Connections& connections_;
  net::Stream& stream_;
  std::string in_;  ///< Received and not yet consumed.
};

}  // namespace posthorn::server::http
