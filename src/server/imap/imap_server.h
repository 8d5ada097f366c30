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
#include "server/frame/endpoint.h"
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

/// What the server works with. All of it must outlive the server.
struct ImapContext {
  store::Store& store;
  auth::Authenticator& authenticator;
  auth::SessionLimits& limits;
  frame::TlsSource tls;
};

/// IMAP4rev1 and IMAP4rev2 (RFC 3501, RFC 9051). A session that is to end for a stop says `* BYE`.
class ImapServer final : public frame::Endpoint<ImapOptions> {
 public:
  ImapServer(ImapContext context, ImapOptions options);

 private:
  async::Task<void> serve(frame::Accepted<ImapOptions> client) override;

  const ImapContext context_;
};

}  // namespace posthorn::server::imap
