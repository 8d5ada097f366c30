#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "async/task.h"
#include "auth/authenticator.h"
#include "auth/sasl/plaintext.h"
#include "auth/session_limits.h"
#include "base/defaults.h"
#include "net/stream.h"
#include "service/delivery/recipient.h"
#include "service/sending/sending_rules.h"
#include "store/store.h"

namespace posthorn::net {
class TlsContext;
}

namespace posthorn::server::submission {

/// Whether a message says where its sender was.
enum class ClientTrace : std::uint8_t {
  hidden,  ///< Received says only that the client had authenticated.
  shown,   ///< The name it said and its address.
};

/// What an operator may set; the defaults are for production.
struct SubmissionOptions {
  std::string hostname = "localhost";  ///< In the greeting and in Received.
  std::string detail_separator = "+";  ///< As LmtpOptions has it.
  auth::PlaintextLogin plaintext = auth::PlaintextLogin::tls_only;
  bool channel_binding = true;  ///< Offer SCRAM-SHA-256-PLUS.
  std::uint64_t max_message_octets = defaults::kMessageOctets;
  std::uint32_t max_recipients = 1000;  ///< Of one message; RFC 5321 §4.5.3.1.8 asks for 100.
  /// How far ahead a message may be given (RFC 4865); 0: not at all.
  std::chrono::seconds max_hold = std::chrono::hours(30 * 24);
  ClientTrace client_trace = ClientTrace::hidden;
  service::SendingRules rules = {};
  std::chrono::milliseconds login_time = std::chrono::minutes(1);  ///< Until authenticated.
  std::chrono::milliseconds idle_time = std::chrono::minutes(5);   ///< RFC 5321 §4.5.3.2.7.
  std::chrono::milliseconds write_time = std::chrono::minutes(2);  ///< For a peer to take bytes.
  std::uint32_t failed_logins =
      defaults::kFailedLogins;  ///< Over one connection, before it is closed.
  /// BDAT, CHUNKING and the like that are neither announced nor taken, as in the EHLO reply.
  std::vector<std::string> disabled_extensions = {};
};

/// What the server stands on. All of it must outlive the server.
struct SubmissionContext {
  store::Store& store;
  auth::Authenticator& authenticator;
  auth::SessionLimits& limits;
  /// Accounts and aliases.
  service::FindAddress find_address;
  /// Whether all mail for a domain is for accounts here. Thread: any loop's.
  std::function<async::Task<Result<bool>>(std::string domain)> is_ours;
  /// Whether mail for others can be sent on. Thread: any loop's.
  std::function<bool()> can_relay;
  /// The certificates now in use; null, or a null result, where there is no TLS. Thread: any
  /// loop's.
  std::function<std::shared_ptr<net::TlsContext>()> tls;
};

/// Message submission (RFC 6409) on streams that somebody else listens for. A message that got its
/// 250 is filed into the sender's \Sent mailbox and queued, durably; one that did not is neither.
class SubmissionServer {
 public:
  enum class Transport : std::uint8_t {
    plain,         ///< Port 587: STARTTLS is offered when there is TLS.
    implicit_tls,  ///< Port 465: the TLS handshake comes first (RFC 8314 §3). Done here.
  };

  SubmissionServer(SubmissionContext context, SubmissionOptions options);
  /// Requires: stop() has ended.
  ~SubmissionServer();
  SubmissionServer(const SubmissionServer&) = delete;
  SubmissionServer& operator=(const SubmissionServer&) = delete;

  /// Serves the stream until it ends. Thread: the stream's loop.
  void accept(std::unique_ptr<net::Stream> stream, Transport transport);
  /// Options for connections accepted from now on. Thread: any.
  void set_options(SubmissionOptions options);
  /// Says 421 to clients that send nothing just now, lets messages under way finish, and cuts what
  /// is left after `grace`. Ends when no connection is left. Thread: any loop's.
  async::Task<void> stop(std::chrono::milliseconds grace);
  /// Connections served now. Thread: any.
  [[nodiscard]] std::size_t sessions() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace posthorn::server::submission
