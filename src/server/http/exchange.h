#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "net/stream.h"
#include "server/frame/connections.h"
#include "server/http/body_decoder.h"
#include "server/http/client_input.h"
#include "server/http/http_options.h"
#include "server/http/message.h"

namespace posthorn::server::http {

/// One request and its response, as a handler sees them. Thread: the connection's loop.
class Exchange {
 public:
  /// What an exchange works with. All must outlive it.
  struct Place {
    ClientInput& input;
    net::Stream& stream;
    const HttpOptions& options;
    const frame::Connections& connections;
  };
  /// `may_keep_alive`: another request may follow on this connection.
  Exchange(Place place, RequestHead head, bool may_keep_alive);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  [[nodiscard]] const Request& request() const { return head_.request; }
  /// Returns whether the client asked for the header of the response only. It may be answered like
  /// GET: what is sent as body is dropped here.
  [[nodiscard]] bool is_head() const { return head_.is_head; }
  /// Returns whether the server is stopping. A handler that streams for long should return soon;
  /// what goes on after the grace period is cut.
  [[nodiscard]] bool stopping() const { return place_.connections.stopping(); }

  /// Sets the limit of the body in octets, instead of RequestLimits::body. Only before read().
  void limit_body(std::uint64_t octets) { decoder_.limit_body(octets); }
  /// Returns the next piece of the request's body, at most ClientInput::kBodyPortion octets, or an
  /// empty one at its end. The piece is valid until the next call. The first call lets a client
  /// that asked for it go ahead (RFC 9110 §10.1.1). Errors: too_big, syntax, timed_out: return
  /// them, and the client is told. closed: the client has gone.
  async::Task<Result<std::string_view>> read();
  /// Returns the rest of the body. Errors: as read().
  async::Task<Result<std::string>> read_all();

  /// Sends a whole response. Only once, and not together with begin(). Errors: those of the stream.
  async::Task<Status> respond(Response response);
  /// Begins a response whose body follows piece by piece. Response::body must be empty. If much of
  /// the request's body is still unread, the connection is closed afterwards. Errors: those of the
  /// stream.
  async::Task<Status> begin(Response response);
  /// Sends the next piece. Each call sends one chunk at once, so pieces of some KiB are best. Waits
  /// until the client has taken it. Requires: begin(). Errors: those of the stream.
  async::Task<Status> write(std::string_view piece);

 private:
  friend class Session;
  enum class Phase : std::uint8_t { none, streaming, whole };

  /// Ends the exchange after its handler. Returns whether another request may follow.
  async::Task<bool> conclude(Status outcome);
  async::Task<void> answer_failure(Status outcome);
  void log_failure(std::string_view what, const Error& error) const;
  async::Task<Status> end_stream();
  /// Makes what the client has sent of the body no part of the next request. Returns whether that
  /// took no more than a bounded effort.
  async::Task<bool> skip_body();
  [[nodiscard]] bool can_skip_body() const;

  async::Task<Status> go_ahead();
  async::Task<Status> receive();
  std::unexpected<Error> refuse(ErrorKind kind, Response response);
  async::Task<Status> send(std::string octets);
  [[nodiscard]] std::string begin_response(const Response& response,
                                           std::optional<std::size_t> length);

  const Place place_;
  const RequestHead head_;
  BodyDecoder decoder_;
  bool keep_alive_;
  bool reading_ = false;
  std::chrono::milliseconds waited_{0};  ///< For the body.
  std::uint64_t received_ = 0;           ///< Octets that came while waiting for the body.
  Phase phase_ = Phase::none;
  bool body_is_sent_ = true;          ///< Of the response. Not for HEAD and some statuses.
  std::optional<StatusCode> status_;  ///< Of the response that was begun.
  std::optional<Response> refusal_;   ///< Reading the body failed by the client's fault.
  bool is_broken_ = false;            ///< The client has gone, or takes nothing more.
};

}  // namespace posthorn::server::http
