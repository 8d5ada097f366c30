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
#include "net/stream.h"
#include "store/store.h"

namespace posthorn::net {
class TlsContext;
}

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

/// What the server stands on. All of it must outlive the server.
struct Pop3Context {
  store::Store& store;
  auth::Authenticator& authenticator;
  auth::SessionLimits& limits;
  /// The certificates now in use; null, or a null result, where there is no TLS. Thread: any
  /// loop's.
  std::function<std::shared_ptr<net::TlsContext>()> tls;
};

/// POP3 (RFC 1939) on streams that somebody else listens for, with CAPA and response codes
/// (RFC 2449, RFC 3206), STLS (RFC 2595), AUTH (RFC 5034), UTF8 and LANG (RFC 6856). A maildrop is
/// INBOX as it was at login; nothing is locked. The +OK to QUIT is said when deletions are durable.
class Pop3Server {
 public:
  enum class Transport : std::uint8_t {
    plain,         ///< Port 110: STLS is offered when there is TLS.
    implicit_tls,  ///< Port 995: the TLS handshake comes first (RFC 8314 §3). Done here.
  };

  Pop3Server(Pop3Context context, Pop3Options options);
  /// Requires: stop() has ended.
  ~Pop3Server();
  Pop3Server(const Pop3Server&) = delete;
  Pop3Server& operator=(const Pop3Server&) = delete;

  /// Serves the stream until it ends. Thread: the stream's loop.
  void accept(std::unique_ptr<net::Stream> stream, Transport transport);
  /// Options for connections accepted from now on. Thread: any.
  void set_options(Pop3Options options);
  /// Says -ERR to clients that send nothing just now and closes without deleting anything, lets
  /// commands under way finish, and cuts what is left after `grace`. Ends when no connection is
  /// left. Thread: any loop's.
  async::Task<void> stop(std::chrono::milliseconds grace);
  /// Connections served now. Thread: any.
  [[nodiscard]] std::size_t sessions() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace posthorn::server::pop3
