#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/task.h"
#include "auth/session_limits.h"
#include "base/defaults.h"
#include "base/network.h"
#include "server/frame/endpoint.h"
#include "service/delivery/recipient.h"
#include "service/forwarding/forwarder.h"
#include "store/store.h"

namespace posthorn::server::lmtp {

/// The settings an operator may change; the defaults are for production.
struct LmtpOptions {
  std::string hostname = "localhost";  ///< Used in the greeting and in Received.
  /// Networks of webmail and mail proxies, which may say for whom they speak (XCLIENT).
  Networks gateways = {};
  /// Separates the user from the folder in user+folder@domain; empty: there is no separator.
  std::string detail_separator = "+";
  std::uint64_t max_message_octets = defaults::kMessageOctets;
  std::uint32_t max_recipients = 1000;                            ///< In one transaction.
  std::chrono::milliseconds idle_time = std::chrono::minutes(5);  ///< RFC 5321 §4.5.3.2.7.
  /// From the end of one transaction to the end of the next, whatever the client sends meanwhile.
  std::chrono::milliseconds transaction_time = std::chrono::minutes(30);
  /// For the client to take pending output.
  std::chrono::milliseconds write_time = std::chrono::minutes(2);
  /// Extensions such as CHUNKING that are neither announced nor accepted, named as in the LHLO
  /// reply.
  std::vector<std::string> disabled_extensions = {};
};

/// The parts of the process the server works with. All must outlive the server.
struct LmtpContext {
  store::Store& store;
  auth::SessionLimits& limits;
  service::FindAddress find_recipient;
  frame::TlsSource tls;
  service::Forwarder& forwarder;
};

/// LMTP (RFC 2033) with PIPELINING (RFC 2920), 8BITMIME (RFC 6152), SMTPUTF8 (RFC 6531), SIZE (RFC
/// 1870), CHUNKING (RFC 3030), ENHANCEDSTATUSCODES (RFC 2034) and STARTTLS (RFC 3207). A 250 after
/// the data means that the message is durable, in a mailbox or in the queue of what an alias sends
/// to other servers. When the server stops, a session sends 421, unless it is in a transaction,
/// which may finish. TLS is available by STARTTLS only.
class LmtpServer final : public frame::Endpoint<LmtpOptions> {
 public:
  LmtpServer(LmtpContext context, LmtpOptions options);

 private:
  async::Task<void> serve(frame::Accepted<LmtpOptions> client) override;

  const LmtpContext context_;
};

}  // namespace posthorn::server::lmtp
