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
#include "base/network.h"
#include "server/frame/endpoint.h"
#include "service/delivery/recipient.h"
#include "service/sending/sending_rules.h"
#include "store/store.h"

namespace posthorn::server::submission {

/// Whether a message records where its sender was.
enum class ClientTrace : std::uint8_t {
  hidden,  ///< Received says only that the client had authenticated.
  shown,   ///< Received contains the client's name and address.
};

/// The settings an operator may change; the defaults are for production.
struct SubmissionOptions {
  std::string hostname = "localhost";  ///< Used in the greeting and in Received.
  /// Networks of webmail and mail proxies, which may say for whom they speak (XCLIENT).
  Networks gateways = {};
  std::string detail_separator = "+";  ///< As in LmtpOptions.
  auth::PlaintextLogin plaintext = auth::PlaintextLogin::tls_only;
  bool channel_binding = true;  ///< Offer SCRAM-SHA-256-PLUS.
  std::uint64_t max_message_octets = defaults::kMessageOctets;
  /// In one transaction; RFC 5321 §4.5.3.1.8 requires at least 100.
  std::uint32_t max_recipients = 1000;
  /// How far in the future a message may be released (RFC 4865); 0: FUTURERELEASE is not offered.
  std::chrono::seconds max_hold = std::chrono::hours(30 * 24);
  ClientTrace client_trace = ClientTrace::hidden;
  service::SendingRules rules = {};
  /// Until the client has authenticated.
  std::chrono::milliseconds login_time = std::chrono::minutes(1);
  std::chrono::milliseconds idle_time = std::chrono::minutes(5);  ///< RFC 5321 §4.5.3.2.7.
  /// For the client to take pending output.
  std::chrono::milliseconds write_time = std::chrono::minutes(2);
  std::uint32_t failed_logins = defaults::kFailedLogins;  ///< Per connection, before it is closed.
  /// Extensions such as CHUNKING that are neither announced nor accepted, named as in the EHLO
  /// reply.
  std::vector<std::string> disabled_extensions = {};
};

/// The parts of the process the server works with. All must outlive the server.
struct SubmissionContext {
  store::Store& store;
  auth::Authenticator& authenticator;
  auth::SessionLimits& limits;
  /// Finds accounts and aliases.
  service::FindAddress find_address;
  /// Returns whether all mail for a domain is for accounts here. Thread: any loop's.
  std::function<async::Task<Result<bool>>(std::string domain)> is_ours;
  /// Returns whether mail for other domains can be sent on. Thread: any loop's.
  std::function<bool()> can_relay;
  frame::TlsSource tls;
};

/// Message submission (RFC 6409). If the reply to a message is 250, it has been filed into the
/// sender's \Sent mailbox and queued, durably; otherwise neither has happened. When the server
/// stops, a session sends 421, unless it is in a transaction, which may finish.
class SubmissionServer final : public frame::Endpoint<SubmissionOptions> {
 public:
  SubmissionServer(SubmissionContext context, SubmissionOptions options);

 private:
  async::Task<void> serve(frame::Accepted<SubmissionOptions> client) override;

  const SubmissionContext context_;
};

}  // namespace posthorn::server::submission
