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
#include "service/delivery/recipient.h"
#include "service/sending/sending_rules.h"
#include "store/store.h"

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

/// What the server works with. All of it must outlive the server.
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
  frame::TlsSource tls;
};

/// Message submission (RFC 6409). A message that got its
/// 250 is filed into the sender's \Sent mailbox and queued, durably; one that did not is neither.
/// A session that is to end for a stop says 421, unless it is in a transaction, which may finish.
class SubmissionServer final : public frame::Endpoint<SubmissionOptions> {
 public:
  SubmissionServer(SubmissionContext context, SubmissionOptions options);

 private:
  async::Task<void> serve(frame::Accepted<SubmissionOptions> client) override;

  const SubmissionContext context_;
};

}  // namespace posthorn::server::submission
