#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/task.h"
#include "auth/authenticator.h"
#include "auth/sasl/plaintext.h"
#include "auth/session_limits.h"
#include "base/defaults.h"
#include "base/network.h"
#include "server/frame/endpoint.h"
#include "store/store.h"

namespace posthorn::server::imap {

/// The settings an operator may change; the defaults are for production.
struct ImapOptions {
  std::string hostname = "localhost";  ///< Used in the greeting and BYE.
  /// Where LOGIN, AUTHENTICATE PLAIN and AUTHENTICATE LOGIN are allowed; elsewhere LOGINDISABLED is
  /// advertised.
  auth::PlaintextLogin plaintext = auth::PlaintextLogin::tls_only;
  /// Capabilities that are neither advertised nor available, in any case, e.g. "QRESYNC",
  /// "AUTH=LOGIN".
  std::vector<std::string> disabled_capabilities;
  /// Capabilities that are offered only if they are named here; see is_extra_capability().
  std::vector<std::string> extra_capabilities;
  /// Shared entries of the server (RFC 5464 §3.2.1.1), by their names in lower case.
  std::map<std::string, store::AnnotationValue, std::less<>> server_metadata;
  /// Networks of webmail and mail proxies, which may say for whom they speak (ID with
  /// x-originating-ip).
  Networks gateways;
  std::uint64_t max_message_octets = defaults::kMessageOctets;
  /// Of a command line, between two literals.
  std::size_t max_line_octets = defaults::kCommandLineOctets;
  /// Of one literal that is not a message.
  std::size_t max_literal_octets = defaults::kLiteralOctets;
  std::uint32_t max_append_messages = 1000;  ///< In one MULTIAPPEND.
  /// Time within which a client's own copy in \Sent is merged with the message it submitted (see
  /// service::append); 0 disables merging.
  std::chrono::seconds sent_duplicate_window{600};
  /// Until the client has authenticated.
  std::chrono::milliseconds login_time = std::chrono::minutes(1);
  std::chrono::milliseconds idle_time = std::chrono::minutes(30);  ///< RFC 9051 §5.4.
  /// For the client to take pending output.
  std::chrono::milliseconds write_time = std::chrono::minutes(2);
  /// Interval of keep-alive responses during IDLE; 0 disables them.
  std::chrono::milliseconds keepalive = std::chrono::minutes(2);
  /// Interval of responses about the progress of a long command (RFC 9585).
  std::chrono::milliseconds progress_interval = std::chrono::seconds(10);
  std::uint32_t bad_commands = 20;  ///< Consecutive commands with syntax errors before BYE.
  std::uint32_t bad_commands_before_login = 3;
  std::uint32_t failed_logins = defaults::kFailedLogins;  ///< Per connection, before it is closed.
};

/// The parts of the process the server works with. All must outlive the server.
struct ImapContext {
  store::Store& store;
  auth::Authenticator& authenticator;
  auth::SessionLimits& limits;
  frame::TlsSource tls;
};

/// IMAP4rev1 and IMAP4rev2 (RFC 3501, RFC 9051). A session that ends because the server stops sends
/// `* BYE`.
class ImapServer final : public frame::Endpoint<ImapOptions> {
 public:
  ImapServer(ImapContext context, ImapOptions options);

 private:
  async::Task<void> serve(frame::Accepted<ImapOptions> client) override;

  const ImapContext context_;
};

}  // namespace posthorn::server::imap
