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

/// What an operator may set; the defaults are for production.
struct Pop3Options {
  std::string hostname = "localhost";  ///< In the greeting.
  /// USER and PASS, AUTH PLAIN and LOGIN.
  auth::PlaintextLogin plaintext = auth::PlaintextLogin::tls_only;
  bool channel_binding = true;  ///< Offer SCRAM-SHA-256-PLUS.
  bool mark_seen = false;       ///< What RETR fetched gets \Seen.
  /// Between a login of an account and its next (RFC 2449 §6.5); 0: none is asked for.
  std::chrono::seconds login_delay{0};
  /// What is announced of a site's own policy (RFC 2449 §6.7), which is not carried out here. 0:
  /// messages stay for ever.
  std::uint32_t expire_days = 0;
  std::chrono::milliseconds login_time = std::chrono::minutes(1);  ///< Until authenticated.
  /// RFC 1939 §3: at least ten minutes.
  std::chrono::milliseconds idle_time = std::chrono::minutes(10);
  std::chrono::milliseconds write_time = std::chrono::minutes(2);  ///< For a peer to take bytes.
  std::uint32_t bad_commands = 20;  ///< In a row, before the connection is closed.
  std::uint32_t bad_commands_before_login = 3;
  std::uint32_t failed_logins =
      defaults::kFailedLogins;  ///< Over one connection, before it is closed.
};

/// What the server works with. All of it must outlive the server.
struct Pop3Context {
  store::Store& store;
  auth::Authenticator& authenticator;
  auth::SessionLimits& limits;
  frame::TlsSource tls;
};

/// POP3 (RFC 1939) with CAPA and response codes
/// (RFC 2449, RFC 3206), STLS (RFC 2595), AUTH (RFC 5034), UTF8 and LANG (RFC 6856). A maildrop is
/// INBOX as it was at login; nothing is locked. The +OK to QUIT is said when deletions are durable.
/// A session that is to end for a stop says -ERR and deletes nothing.
class Pop3Server final : public frame::Endpoint<Pop3Options> {
 public:
  Pop3Server(Pop3Context context, Pop3Options options);

 private:
  async::Task<void> serve(frame::Accepted<Pop3Options> client) override;

  const Pop3Context context_;
  LoginDelay delay_;
};

}  // namespace posthorn::server::pop3
