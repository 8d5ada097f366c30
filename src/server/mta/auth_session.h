#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "async/event.h"
#include "async/gate.h"
#include "auth/sasl/exchange.h"
#include "server/frame/conversation.h"
#include "server/mta/mta_server.h"
#include "wire/lex/lf_lines.h"
#include "wire/mta/auth_protocol.h"

namespace posthorn::server::mta {

/// One connection of the authentication protocol. It belongs to its stream's loop.
///
/// Each authentication is a task of its own, since the throttle may delay one for seconds and the
/// others must not wait. Only run() uses the stream: a task puts its reply into the output and
/// wakes run(), which sends it.
class AuthSession {
 public:
  /// Number of authentications in progress on one connection. A client that begins more is
  /// disconnected: a mail server has one for each of its own clients' connections.
  static constexpr std::size_t kMaxRequests = 200;
  /// The same with those that were cancelled, or took too long to be waited for, and whose work has
  /// not ended yet.
  static constexpr std::size_t kMaxRunning = 2 * kMaxRequests;

  /// `context` must outlive this object.
  AuthSession(const MtaContext& context, frame::Accepted<MtaOptions> client);
  async::Task<void> run();

 private:
  struct Request;
  void greet();
  /// Errors: those of the stream; syntax for a broken protocol.
  async::Task<Status> converse();
  /// Waits for input, and sends replies meanwhile.
  async::Task<Status> receive();
  Status obey(std::string_view line);
  Status on(const wire::mta::AuthVersion& version);
  Status on(const wire::mta::AuthIgnored& ignored);
  Status on(wire::mta::AuthBegin& begin);
  Status on(wire::mta::AuthAnswer& answer);
  Status on(const wire::mta::AuthCancel& cancel);
  /// Continues an authentication with what the client sent, in base64.
  async::Task<void> advance(std::shared_ptr<Request> request, std::optional<std::string> base64,
                            bool first);
  /// Ends an authentication with a failure.
  void refuse(std::uint32_t id, wire::mta::AuthFailure failure, std::string_view reason);
  void say(std::string_view reply);

  const MtaContext& context_;
  const std::shared_ptr<const MtaOptions> options_;
  const frame::Connections& connections_;
  frame::Conversation talk_;
  wire::lex::LfLines lines_{wire::mta::kMaxAuthLine};
  std::map<std::uint32_t, std::shared_ptr<Request>> requests_;
  bool known_version_ = false;
  async::Gate running_;
};

}  // namespace posthorn::server::mta
