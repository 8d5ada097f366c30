#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "async/task.h"
#include "auth/authenticator.h"
#include "auth/sasl/plaintext.h"
#include "auth/session_limits.h"
#include "base/defaults.h"
#include "server/frame/endpoint.h"
#include "server/pop3/login_delay.h"
#include "store/store.h"

namespace posthorn::server::pop3 {

/// The settings an operator may change; the defaults are for production.
struct Pop3Options {
  std::string hostname = "localhost";  ///< Used in the greeting.
  /// Where USER and PASS, AUTH PLAIN and AUTH LOGIN are allowed.
  auth::PlaintextLogin plaintext = auth::PlaintextLogin::tls_only;
  bool channel_binding = true;  ///< Offer SCRAM-SHA-256-PLUS.
  bool mark_seen = false;       ///< RETR sets \Seen.
  /// Minimum time between two logins to one account (RFC 2449 §6.5); 0: no minimum.
  std::chrono::seconds login_delay{0};
  /// Days announced as the site's expiry policy (RFC 2449 §6.7), which this server does not itself
  /// enforce. 0: messages are kept for ever.
  std::uint32_t expire_days = 0;
  /// Until the client has authenticated.
  std::chrono::milliseconds login_time = std::chrono::minutes(1);
  /// At least ten minutes (RFC 1939 §3).
  std::chrono::milliseconds idle_time = std::chrono::minutes(10);
  /// For the client to take pending output.
  std::chrono::milliseconds write_time = std::chrono::minutes(2);
  std::uint32_t bad_commands = 20;  ///< In a row, before the connection is closed.
  std::uint32_t bad_commands_before_login = 3;
  std::uint32_t failed_logins = defaults::kFailedLogins;  ///< Per connection, before it is closed.
};

/// The parts of the process the server works with. All must outlive the server.
struct Pop3Context {
  store::Store& store;
  auth::Authenticator& authenticator;
  auth::SessionLimits& limits;
  frame::TlsSource tls;
};

/// POP3 (RFC 1939) with CAPA and response codes (RFC 2449, RFC 3206), STLS (RFC 2595), AUTH (RFC
/// 5034), UTF8 and LANG (RFC 6856). A maildrop is INBOX as it was at login; nothing is locked. The
/// +OK to QUIT is sent when deletions are durable. When the server stops, a session sends -ERR and
/// deletes nothing.
class Pop3Server final : public frame::Endpoint<Pop3Options> {
 public:
  Pop3Server(Pop3Context context, Pop3Options options);

 private:
  async::Task<void> serve(frame::Accepted<Pop3Options> client) override;

  const Pop3Context context_;
  LoginDelay delay_;
};

}  // namespace posthorn::server::pop3
