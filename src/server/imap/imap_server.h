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
#include "store/store.h"

namespace posthorn::server::imap {

/// What an operator may set; the defaults are for production.
struct ImapOptions {
  std::string hostname = "localhost";  ///< In the greeting and BYE.
  /// LOGIN, AUTHENTICATE PLAIN and LOGIN; where they are not, there is LOGINDISABLED.
  auth::PlaintextLogin plaintext = auth::PlaintextLogin::tls_only;
  /// Capabilities that are neither advertised nor offered, in any case, e.g. "QRESYNC",
  /// "AUTH=LOGIN".
  std::vector<std::string> disabled_capabilities;
  std::uint64_t max_message_octets = defaults::kMessageOctets;
  std::size_t max_line_octets =
      defaults::kCommandLineOctets;  ///< Of a command, between two of its literals.
  std::size_t max_literal_octets = defaults::kLiteralOctets;  ///< Of one that is not a message.
  std::uint32_t max_append_messages = 1000;                   ///< In one MULTIAPPEND.
  /// See service::append: for so long a submitted message and one put into \Sent are one. 0: never.
  std::chrono::seconds sent_duplicate_window{600};
  std::chrono::milliseconds login_time = std::chrono::minutes(1);  ///< Until authenticated.
  std::chrono::milliseconds idle_time = std::chrono::minutes(30);  ///< RFC 9051 §5.4.
  std::chrono::milliseconds write_time = std::chrono::minutes(2);  ///< For a peer to take bytes.
  std::chrono::milliseconds keepalive = std::chrono::minutes(2);   ///< During IDLE; 0 for none.
  std::uint32_t bad_commands = 20;  ///< Ungrammatical ones in a row, before BYE.
  std::uint32_t bad_commands_before_login = 3;
  std::uint32_t failed_logins =
      defaults::kFailedLogins;  ///< Over one connection, before it is closed.
};

/// What the server stands on. All of it must outlive the server.
struct ImapContext {
  store::Store& store;
  auth::Authenticator& authenticator;
  auth::SessionLimits& limits;
  /// The certificates now in use; null, or a null result, where there is no TLS. Thread: any
  /// loop's.
  std::function<std::shared_ptr<net::TlsContext>()> tls;
};

/// IMAP4rev1 and IMAP4rev2 (RFC 3501, RFC 9051) on streams that somebody else listens for.
class ImapServer {
 public:
  enum class Transport : std::uint8_t {
    plain,         ///< Port 143: STARTTLS is offered when there is TLS.
    implicit_tls,  ///< Port 993: the TLS handshake comes first (RFC 8314 §3). Done here.
  };

  ImapServer(ImapContext context, ImapOptions options);
  /// Requires: stop() has ended.
  ~ImapServer();
  ImapServer(const ImapServer&) = delete;
  ImapServer& operator=(const ImapServer&) = delete;

  /// Serves the stream until it ends. Thread: the stream's loop.
  void accept(std::unique_ptr<net::Stream> stream, Transport transport);

  /// Options for connections accepted from now on. Thread: any.
  void set_options(ImapOptions options);

  /// Says `* BYE` to sessions that wait for their client, lets running commands finish, and cuts
  /// what is left after `grace`. Ends when no session is left. Thread: any loop's.
  async::Task<void> stop(std::chrono::milliseconds grace);

  /// Connections served now. Thread: any.
  [[nodiscard]] std::size_t sessions() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace posthorn::server::imap
