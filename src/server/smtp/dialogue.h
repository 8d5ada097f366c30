#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/network.h"
#include "base/result.h"
#include "server/frame/command_meter.h"
#include "server/frame/connections.h"
#include "server/frame/transport.h"
#include "server/smtp/talk.h"
#include "wire/smtp/command.h"
#include "wire/smtp/parse_command.h"
#include "wire/smtp/reply.h"

namespace posthorn::server::smtp {

/// The state from MAIL to the replies after the message, or to RSET. LMTP and submission derive
/// their own type, which adds the envelope and the message received so far.
struct Transaction {
  bool smtputf8 = false;  ///< RFC 6531: recipient addresses may contain UTF-8.
  bool binary = false;    ///< BODY=BINARYMIME (RFC 3030 §3): the message comes by BDAT and has no
                          ///< line structure.
  bool has_data = false;  ///< The message has begun to arrive.
  std::uint64_t octets = 0;  ///< Octets of the message received so far, refused ones included.
  /// The refusal, once the message is refused. The rest of the message is still read, so that the
  /// next command is found where it begins.
  std::optional<wire::smtp::Reply> failure = {};
};

struct DialogueSettings {
  TalkSettings talk;
  wire::smtp::Dialect dialect = wire::smtp::Dialect::smtp;
  std::uint64_t max_message_octets = 0;
  /// Extensions that are neither announced nor accepted, as written in the reply to EHLO, in any
  /// case. Must outlive the dialogue.
  std::span<const std::string> disabled_extensions;
  const frame::TlsSource& tls;  ///< Must outlive the dialogue.
  /// The networks from which XCLIENT is accepted. Must outlive the dialogue.
  const Networks& gateways;
  frame::CommandMeter& meter;
};

/// One client's dialogue, as far as LMTP (RFC 2033) and submission (RFC 6409) are the same: reading
/// commands, EHLO, STARTTLS, RSET, NOOP, QUIT, VRFY, HELP, and the message by DATA or BDAT. A
/// protocol derives from it and implements the private virtual functions. A dialogue belongs to its
/// stream's loop.
class Dialogue {
 public:
  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;

 protected:
  Dialogue(DialogueSettings settings, const frame::Connections& connections, net::Stream& stream);
  ~Dialogue() = default;

  /// Executes commands until the dialogue is over. The caller sends the greeting and flushes the
  /// last replies.
  async::Task<void> obey_commands();

  void say(const wire::smtp::Reply& reply);
  /// Waits for the client's next line: a command, or the response to a challenge. None when the
  /// dialogue is over.
  async::Task<std::optional<std::string>> next_line();
  [[nodiscard]] Talk& talk() { return talk_; }
  [[nodiscard]] net::Stream& stream() const { return talk_.stream(); }
  /// The client's EHLO, LHLO or HELO; none before it. The name in it is not trusted.
  [[nodiscard]] const std::optional<wire::smtp::Hello>& hello() const { return hello_; }
  [[nodiscard]] bool offers(std::string_view extension) const;
  [[nodiscard]] bool offers_tls() const;

 private:
  // To be implemented by the protocol.
  /// The open transaction; null when there is none.
  [[nodiscard]] virtual Transaction* transaction() = 0;
  [[nodiscard]] virtual bool has_recipients() const = 0;
  virtual void forget_transaction() = 0;
  /// Resets the session after STARTTLS, when nothing said before counts (RFC 3207 §4.2). The EHLO
  /// and the transaction are already discarded.
  virtual void forget_client() {}
  /// How long the client may be silent now.
  [[nodiscard]] virtual std::chrono::milliseconds patience() const = 0;
  /// The lines of the reply to EHLO or LHLO after the first, with their parameters. The caller
  /// removes the disabled ones.
  [[nodiscard]] virtual std::vector<std::string> extensions() const = 0;
  [[nodiscard]] virtual std::string_view help() const = 0;
  /// Returns whether the client may send as many octets as BDAT announces; if not, the connection
  /// is closed.
  [[nodiscard]] virtual bool may_send() const { return true; }

  virtual async::Task<void> on_mail(wire::smtp::Mail mail) = 0;
  virtual async::Task<void> on_rcpt(wire::smtp::Rcpt rcpt) = 0;
  virtual async::Task<void> on_auth(wire::smtp::Auth auth);
  /// Counts the connection as its new peer's after XCLIENT. Errors: limit.
  virtual Status count_again() = 0;
  /// The greeting, which is also the reply to XCLIENT.
  [[nodiscard]] virtual std::string greeting() const = 0;
  /// Returns whether XCLIENT may not be sent now, because the client has logged in.
  [[nodiscard]] virtual bool is_known() const { return false; }

  /// Called when the message of the transaction begins.
  virtual void begin_message() = 0;
  /// Takes a non-empty portion of the message. Returns the refusal, if any; no more portions follow
  /// it.
  virtual async::Task<std::optional<wire::smtp::Reply>> feed(std::string_view octets) = 0;
  /// Called when the message is refused: release what was kept of it at once.
  virtual void drop_message() = 0;
  /// Called when the message is complete or was refused: ends the transaction and replies.
  virtual async::Task<void> finish() = 0;

  // The commands.
  async::Task<void> obey_line(std::string_view line);
  async::Task<void> obey(wire::smtp::Hello hello);
  async::Task<void> obey(wire::smtp::Mail mail) { return on_mail(std::move(mail)); }
  async::Task<void> obey(wire::smtp::Rcpt rcpt) { return on_rcpt(std::move(rcpt)); }
  async::Task<void> obey(wire::smtp::Data);
  async::Task<void> obey(wire::smtp::Bdat bdat);
  async::Task<void> obey(wire::smtp::Rset);
  async::Task<void> obey(wire::smtp::Noop);
  async::Task<void> obey(wire::smtp::Quit);
  async::Task<void> obey(wire::smtp::StartTls);
  async::Task<void> obey(wire::smtp::Vrfy vrfy);
  async::Task<void> obey(wire::smtp::Help);
  async::Task<void> obey(wire::smtp::Auth auth) { return on_auth(std::move(auth)); }
  async::Task<void> obey(wire::smtp::Xclient client);

  /// Returns whether the client may say for whom it speaks.
  [[nodiscard]] bool is_gateway() const;
  void begin_data();
  async::Task<void> take_in(std::string_view octets);
  async::Task<void> end_chunk(wire::smtp::Bdat bdat);

  const DialogueSettings settings_;
  Talk talk_;
  std::optional<wire::smtp::Hello> hello_;
  std::uint16_t last_code_ = 0;  ///< Of the last reply.
};

}  // namespace posthorn::server::smtp
