#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "auth/authenticator.h"
#include "auth/sasl/sasl.h"
#include "auth/session_limits.h"
#include "server/frame/conversation.h"
#include "server/frame/endpoint.h"
#include "server/pop3/login_delay.h"
#include "server/pop3/pop3_server.h"
#include "service/maildrop/maildrop.h"
#include "wire/lex/line_reader.h"
#include "wire/pop3/command.h"
#include "wire/pop3/response.h"

namespace posthorn::server::pop3 {

using State = wire::pop3::SessionState;

/// One client's session, from the greeting to its end. Its members are public to the commands
/// (commands.h), which implement it. A session belongs to its stream's loop.
class Session final : public auth::LiveSession {
 public:
  /// `context` and `delay` must outlive this object.
  Session(const Pop3Context& context, LoginDelay& delay, frame::Accepted<Pop3Options> client);
  async::Task<void> run();

  // For the commands.
  const Pop3Context& context;
  const Pop3Options& options;
  frame::Conversation talk;
  std::unique_ptr<service::Maildrop> maildrop;  ///< Set at login.
  std::string said_name;                        ///< The name given to USER, until the next command.
  bool utf8 = false;                            ///< RFC 6856 §2.1.

  [[nodiscard]] State state() const { return maildrop ? State::transaction : State::authorization; }
  void say(const wire::pop3::Reply& reply);
  /// Sends the reply for an error. Errors that are the server's fault are logged here, once.
  void refuse(const Error& error);
  /// Ends the session after the pending output.
  void close() { open_ = false; }
  /// Ends the session at once: a response was interrupted, and nothing more can be sent.
  void cut(const Error& error);

  [[nodiscard]] bool is_plaintext_allowed() const;
  [[nodiscard]] bool offers_tls() const;
  [[nodiscard]] auth::Channel channel() const;
  /// Who tries to log in, without the mechanism.
  [[nodiscard]] auth::Source source() const;

  /// Waits for the client's next line; none when the session is over.
  async::Task<std::optional<std::string>> next_line();
  /// Called during long responses: flushes the output when there is much of it, and lets other
  /// tasks run. Returns false if the connection is lost.
  async::Task<bool> drain();
  /// Opens the maildrop of an authenticated user, and sends the reply.
  async::Task<void> log_in(auth::Identity identity);
  // For operators (auth/live_session.h).
  [[nodiscard]] auth::SessionView view() const override;
  void end(std::string_view words) override;
  void show_to(std::shared_ptr<Tap> tap) override;
  /// Discards everything said so far, as STLS requires (RFC 2595 §4).
  void forget_dialogue();

 private:
  async::Task<bool> open();
  async::Task<void> obey(std::string_view line);
  void count_bad();
  void count_failed_login();
  void lost(const Error& error);
  [[nodiscard]] std::chrono::milliseconds patience() const;

  const std::shared_ptr<const Pop3Options> options_;
  LoginDelay& delay_;
  const frame::Connections& connections_;
  const frame::Transport transport_;
  wire::lex::LineReader lines_;
  auth::SessionLimits::ConnectionSlot connection_slot_;
  auth::SessionLimits::Slot user_slot_;
  std::string name_;  ///< Name of the account, once known; for the log.
  std::uint32_t bad_in_a_row_ = 0;
  std::uint32_t failed_logins_ = 0;
  bool open_ = true;
  frame::CommandMeter& meter_;
  frame::Ending ending_ = frame::Ending::ok;  ///< Of the current command, by its last reply.
};

}  // namespace posthorn::server::pop3
