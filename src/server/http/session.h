#pragma once

#include <expected>
#include <memory>
#include <optional>

#include "async/task.h"
#include "server/frame/endpoint.h"
#include "server/http/client_input.h"
#include "server/http/http_options.h"
#include "server/http/message.h"
#include "server/http/parse_request.h"

namespace posthorn::server::http {

/// One client's connection, which serves request after request.
class Session {
 public:
  explicit Session(frame::Accepted<HttpOptions> client);
  async::Task<void> run();

 private:
  /// Returns whether to continue with another request.
  async::Task<bool> serve_one(bool may_keep_alive);
  async::Task<bool> serve(RequestHead head, bool may_keep_alive);
  /// Receives a request's header. None: nobody waits for an answer. An error is the answer to send
  /// before closing.
  async::Task<std::optional<std::expected<RequestHead, Response>>> receive_head();
  void skip_empty_lines();
  async::Task<void> refuse(Response response);

  const std::shared_ptr<const HttpOptions> options_;
  const frame::Connections& connections_;
  net::Stream& stream_;
  frame::CommandMeter& meter_;
  ClientInput input_;
};

}  // namespace posthorn::server::http
