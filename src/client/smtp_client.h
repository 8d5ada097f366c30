#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "auth/sasl/sasl_client.h"
#include "base/result.h"
#include "client/smtp_talk.h"
#include "net/connect.h"
#include "net/tls_context.h"
#include "wire/smtp/command.h"
#include "wire/smtp/extensions.h"
#include "wire/smtp/reply.h"

namespace posthorn::async {
class OffloadPool;
}

namespace posthorn::client {

enum class SmtpSecurity : std::uint8_t {
  none,           ///< In clear.
  opportunistic,  ///< STARTTLS if it is offered, without verifying the peer (RFC 7435).
  starttls,       ///< RFC 3207; an error if it is not offered.
  tls,            ///< From the first octet (RFC 8314 §3.3).
};

/// The address of a server and how to connect to it.
struct SmtpEndpoint {
  std::string host = {};
  std::uint16_t port = 587;
  SmtpSecurity security = SmtpSecurity::starttls;
  /// Requires: not null unless security is none. It decides whether the certificate is verified.
  std::shared_ptr<net::TlsClientContext> tls = {};
  /// Null: no login. A password is sent in clear only within this machine; to other hosts without
  /// TLS, only SCRAM is used.
  std::shared_ptr<const auth::Login> login = {};
  std::string hello_name = {};  ///< The client's own name: a domain or an address literal.
};

/// Time limits of the steps. RFC 5321 §4.5.3.2 gives the minimum values.
struct SmtpTimes {
  using Milliseconds = std::chrono::milliseconds;
  Milliseconds connect{10'000};
  Milliseconds greeting{300'000};
  Milliseconds command{300'000};  ///< EHLO, AUTH, MAIL, RCPT, and the TLS handshake.
  Milliseconds data{300'000};     ///< From DATA to its 354.
  Milliseconds block{300'000};    ///< For the server to accept a block of the message.
  Milliseconds end{600'000};      ///< From the end of the message to the last reply.
  Milliseconds whole{7'200'000};  ///< For one transaction, however slow its progress.
  Milliseconds quit{5'000};
};

/// The properties of a message that a server must support.
struct SmtpContent {
  std::uint64_t octets = 0;
  bool utf8_header = false;  ///< There are octets over 127 in the header of an SMTPUTF8 message.
  bool eight_bit = false;    ///< There are octets over 127 anywhere.
  bool binary = false;       ///< There is NUL, or CR or LF that must stay unchanged (RFC 3030 §3).
};

/// Returns the message in portions.
class SmtpSource {
 public:
  virtual ~SmtpSource() = default;
  /// Returns the next octets, valid until the next call; empty at the end.
  virtual async::Task<Result<std::string_view>> next() = 0;
};

struct SmtpEnvelope {
  wire::smtp::Mail mail;
  std::vector<wire::smtp::Rcpt> recipients;
};

/// The result for one recipient.
struct SmtpOutcome {
  enum class Fate : std::uint8_t {
    accepted,  ///< The server has taken responsibility.
    retry,     ///< Failed temporarily.
    refused,   ///< Failed permanently.
  };
  Fate fate = Fate::retry;
  /// Always has a status. The server's reply or, if there is none, one made here.
  wire::smtp::Reply reply = {};
  bool by_server = false;  ///< The reply is the server's.
  /// Accepted with the DSN parameters: further reports are the server's duty.
  bool dsn_passed = false;
  /// The message was sent but no reply arrived: the server may have accepted it nevertheless.
  bool uncertain = false;
};

/// The client side of one SMTP connection (RFC 5321). Thread: the loop the client was created on;
/// one call at a time.
class SmtpClient {
 public:
  /// Uses an existing connection. Call open() next. SCRAM computes on `pool`, if given.
  SmtpClient(std::unique_ptr<net::Stream> stream, SmtpTimes times,
             async::OffloadPool* pool = nullptr);
  ~SmtpClient();
  SmtpClient(const SmtpClient&) = delete;
  SmtpClient& operator=(const SmtpClient&) = delete;

  /// Reads the greeting and performs EHLO (or HELO), TLS and AUTH, as the endpoint says. Errors:
  /// unavailable, with the server's text, if it refuses the connection; not_supported if it lacks
  /// something required; auth_failed; closed, timed_out, io, syntax, limit.
  async::Task<Status> open(std::shared_ptr<const SmtpEndpoint> endpoint);

  /// Performs one transaction and returns one outcome for each recipient, in order. `source` is
  /// read only if a recipient was accepted; if it fails, the connection is cut and the message is
  /// not sent. Extensions that the server does not offer are never used. Instead, the outcome is
  /// 5.6.7 for addresses and 5.6.9 for a header in UTF-8, 5.6.3 for 8-bit and binary content, and
  /// 5.3.4 above the server's SIZE. DSN parameters are sent only to a server that offers DSN.
  async::Task<std::vector<SmtpOutcome>> send(const SmtpEnvelope& envelope,
                                             const SmtpContent& content, SmtpSource& source);

  /// Sends RSET to check that an idle connection still works.
  async::Task<bool> is_alive();
  /// Sends QUIT and closes the connection. Waits a few seconds at most.
  async::Task<void> quit();

  /// Returns true if open() failed because the TLS handshake failed. If TLS is opportunistic, a new
  /// connection in clear may succeed.
  [[nodiscard]] bool has_failed_handshake() const { return handshake_failed_; }
  /// Returns whether another send() can succeed.
  [[nodiscard]] bool is_usable() const { return usable_; }
  [[nodiscard]] const wire::smtp::Extensions& extensions() const { return extensions_; }
  [[nodiscard]] net::Stream& stream() { return talk_.stream(); }

 private:
  class Transaction;

  async::Task<Status> greet();
  async::Task<Status> hello();
  async::Task<Status> secure();
  async::Task<Status> handshake();
  async::Task<Status> log_in();
  async::Task<Status> exchange(auth::ClientMechanism& mechanism);
  async::Task<Result<auth::Secret>> answer(auth::ClientMechanism& mechanism,
                                           const wire::smtp::Reply& challenge);
  async::Task<Result<wire::smtp::Reply>> command(wire::smtp::Command command);

  SmtpTalk talk_;
  const SmtpTimes times_;
  async::OffloadPool* const pool_;
  std::shared_ptr<const SmtpEndpoint> endpoint_;
  wire::smtp::Extensions extensions_;
  bool usable_ = false;
  bool handshake_failed_ = false;
};

/// Returns the reply that represents a connection that could not be made or broke: 4yz with a
/// status of RFC 3463.
wire::smtp::Reply reply_for(const Error& error);

}  // namespace posthorn::client
