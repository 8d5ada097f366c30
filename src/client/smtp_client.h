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
  opportunistic,  ///< STARTTLS where it is offered; whoever answers is taken (RFC 7435).
  starttls,       ///< RFC 3207; an error when it is not offered.
  tls,            ///< From the first octet (RFC 8314 §3.3).
};

/// Where a server is and how to get in.
struct SmtpEndpoint {
  std::string host = {};
  std::uint16_t port = 587;
  SmtpSecurity security = SmtpSecurity::starttls;
  /// Requires: not null unless security is none. Whether the certificate is verified is its choice.
  std::shared_ptr<net::TlsClientContext> tls = {};
  /// Null: none. A password crosses in clear only to this machine; elsewhere without TLS only SCRAM
  /// is used.
  std::shared_ptr<const auth::Login> login = {};
  std::string hello_name = {};  ///< What we call ourselves: a domain or an address literal.
};

/// How long each step may take: RFC 5321 §4.5.3.2 says at least so long.
struct SmtpTimes {
  using Milliseconds = std::chrono::milliseconds;
  Milliseconds connect{10'000};
  Milliseconds greeting{300'000};
  Milliseconds command{300'000};  ///< EHLO, AUTH, MAIL, RCPT, and the TLS handshake.
  Milliseconds data{300'000};     ///< From DATA to its 354.
  Milliseconds block{300'000};    ///< For the server to take some of the message.
  Milliseconds end{600'000};      ///< From the end of the message to the last reply.
  Milliseconds whole{7'200'000};  ///< One transaction, however slowly it moves.
  Milliseconds quit{5'000};
};

/// What a message needs of whoever carries it.
struct SmtpContent {
  std::uint64_t octets = 0;
  bool utf8_header = false;  ///< Octets over 127 in the header of an SMTPUTF8 message.
  bool eight_bit = false;    ///< Octets over 127 anywhere.
  bool binary = false;       ///< NUL, or CR and LF that must stay as they are (RFC 3030 §3).
};

/// The message, some octets at a time.
class SmtpSource {
 public:
  virtual ~SmtpSource() = default;
  /// The next octets, valid until the next call; empty at the end.
  virtual async::Task<Result<std::string_view>> next() = 0;
};

struct SmtpEnvelope {
  wire::smtp::Mail mail;
  std::vector<wire::smtp::Rcpt> recipients;
};

/// How it went for one recipient.
struct SmtpOutcome {
  enum class Fate : std::uint8_t {
    accepted,  ///< The server has it now.
    retry,     ///< Not now.
    refused,   ///< Never.
  };
  Fate fate = Fate::retry;
  wire::smtp::Reply reply = {};  ///< Always with a status; the server's own or, if not, ours.
  bool by_server = false;        ///< The server said so.
  bool dsn_passed = false;  ///< Accepted with the DSN parameters: the rest is the server's duty.
  /// The message was out and no answer came: the server may have it all the same.
  bool uncertain = false;
};

/// One SMTP connection, seen from the client (RFC 5321). Thread: the loop's it was made on; one
/// call at a time.
class SmtpClient {
 public:
  /// Over a connection that is made already; call open() next. `pool`: where SCRAM computes, if
  /// given.
  SmtpClient(std::unique_ptr<net::Stream> stream, SmtpTimes times,
             async::OffloadPool* pool = nullptr);
  ~SmtpClient();
  SmtpClient(const SmtpClient&) = delete;
  SmtpClient& operator=(const SmtpClient&) = delete;

  /// Greeting, EHLO (else HELO), TLS, AUTH, as the endpoint says. Errors: unavailable with the
  /// server's words when it turns us away, not_supported when it lacks what is required,
  /// auth_failed; closed, timed_out, io, syntax, limit.
  async::Task<Status> open(std::shared_ptr<const SmtpEndpoint> endpoint);

  /// One transaction. An outcome for each recipient, in order. `source` is read only when a
  /// recipient was accepted; when it fails, the connection is cut and the message is not sent.
  /// What the server does not offer is never used in spite of that: 5.6.7 for addresses and 5.6.9
  /// for a header in UTF-8, 5.6.3 for 8-bit and binary content, 5.3.4 above its SIZE. DSN
  /// parameters are passed on only to a server that offers them.
  async::Task<std::vector<SmtpOutcome>> send(const SmtpEnvelope& envelope,
                                             const SmtpContent& content, SmtpSource& source);

  /// RSET, to see whether a connection that lay idle is still of use.
  async::Task<bool> is_alive();
  /// QUIT, then closes. Waits a few seconds at most.
  async::Task<void> quit();

  /// Why open() failed: TLS could not be agreed upon. Where it is opportunistic, a new connection
  /// in clear may do.
  [[nodiscard]] bool has_failed_handshake() const { return handshake_failed_; }
  /// Whether another send() has a chance.
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

/// The reply that stands for a connection that could not be made or broke: 4yz with a status of
/// RFC 3463.
wire::smtp::Reply reply_for(const Error& error);

}  // namespace posthorn::client
