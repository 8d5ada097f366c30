#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/authenticator.h"
#include "auth/session_limits.h"
#include "server/imap/connection.h"
#include "server/imap/imap_server.h"
#include "server/imap/reply.h"
#include "server/imap/selected.h"
#include "store/account.h"
#include "wire/imap/command/command.h"
#include "wire/imap/response/response.h"

namespace posthorn::server::imap {

/// RFC 9051 §3. As bits, so that a command can be allowed in several.
enum class State : std::uint8_t { not_authenticated = 1, authenticated = 2, selected = 4 };

/// What the client has switched on (RFC 5161 and the commands that imply it); for good.
struct Enabled {
  bool condstore = false;
  bool qresync = false;
  bool rev2 = false;
  bool utf8 = false;
};

/// What becomes of the connection once the reply has been sent.
enum class After : std::uint8_t { go_on, start_tls, start_deflate, close };

struct CommandEntry;

/// One client: a dialogue from the greeting to BYE. Its parts are open to the commands
/// (commands.h), which are its body. Belongs to its stream's loop.
class Session {
 public:
  /// `context` must outlive it.
  Session(const ImapContext& context, frame::Accepted<ImapOptions> client);

  async::Task<void> run();

  // --- for the commands
  // ---------------------------------------------------------------------------
  const ImapContext& context;
  const std::shared_ptr<const ImapOptions> options;
  Connection connection;
  store::AccountPtr account;           ///< From login on.
  std::unique_ptr<Selected> selected;  ///< While a mailbox is.
  Enabled enabled;
  std::string tag;   ///< Of the command being done.
  std::string name;  ///< The account's, once known; for the log.
  After after = After::go_on;
  /// Nobody waits for what is computed any more: the server stops, or the client has left. Read by
  /// the threads that compute.
  std::atomic<bool> given_up = false;
  std::string code_text;  ///< What a reply's code may point to.

  [[nodiscard]] State state() const;
  [[nodiscard]] wire::imap::Dialect dialect() const {
    return {enabled.rev2, enabled.utf8 || enabled.rev2};
  }
  /// Writes to what is sent next.
  wire::imap::Writer writer() { return wire::imap::Writer(connection.out(), dialect()); }
  [[nodiscard]] wire::imap::ParseOptions parse_options() const;
  /// Untagged status response.
  void say(wire::imap::Condition condition, const wire::imap::Code& code, std::string_view text);
  /// How long to wait for the client's next words.
  [[nodiscard]] std::chrono::milliseconds patience() const;
  [[nodiscard]] bool is_offered(std::string_view capability) const;
  /// Offered, or a part of IMAP4rev2 while that is enabled.
  [[nodiscard]] bool may_use(std::string_view capability) const;
  /// The refusal of a command that needs a capability which may not be used; none if all may be.
  [[nodiscard]] std::optional<Reply> refuse_needs(std::span<const std::string_view> needs) const;
  [[nodiscard]] bool is_plaintext_allowed() const;
  /// Now advertised, parted by spaces.
  [[nodiscard]] std::string capabilities() const;
  [[nodiscard]] auth::Channel channel() const;

  /// The reply for an error; logs those that are the server's fault, once.
  Reply refuse(const Error& error);
  /// After a proof of identity. Errors: limit, what opening the account says.
  async::Task<Status> log_in(auth::Identity identity);
  /// The reply to a LOGIN or AUTHENTICATE that ended with `reply`. After too many that failed the
  /// connection ends: guessing is to cost a connection, too.
  Reply judge_login(Reply reply);
  /// The reply to a login that succeeded, with what is offered now (RFC 9051 §6.2.2).
  [[nodiscard]] Reply welcome();
  /// Switches CONDSTORE on; says HIGHESTMODSEQ when a mailbox is selected (RFC 7162 §3.1).
  void enable_condstore();
  /// Untagged data the client may hear of now. Errors: closed, io.
  async::Task<Status> tell(service::Tellings allowed, wire::imap::Numbering numbering);
  /// FLAGS and PERMANENTFLAGS, when the mailbox has keywords the client was not told of. Comes
  /// before every response that is made from `now` and may use a keyword (RFC 9051 §7.3.5).
  void tell_keywords(const store::Mailbox& now);
  /// The selected mailbox, if any, is left with CLOSED (RFC 9051 §6.3.2).
  void leave_mailbox();
  /// BYE, and the end.
  void bye(const wire::imap::Code& code, std::string_view text);
  /// BYE because the server is stopping, and the end.
  void bye_stopping();
  /// The connection broke or was ended: nothing more is to be said.
  [[nodiscard]] bool is_over() const { return over_; }
  /// What follows in a command that comes in parts (APPEND). None once the connection is lost, the
  /// time is up, or the server is stopping; then the session is over.
  async::Task<std::optional<wire::imap::ReceiverEvent>> next_part();
  /// A read or write failed: for `co_return session.lost()`.
  Reply lost();

 private:
  async::Task<bool> open();
  async::Task<void> serve_next();
  async::Task<void> serve_event(wire::imap::ReceiverEvent event);
  async::Task<void> on_command(wire::imap::ReceiverEvent event);
  async::Task<void> on_bad_command(wire::imap::ReceiverEvent event, const Error& error);
  async::Task<Reply> execute(wire::imap::Command& command, const CommandEntry& entry);
  async::Task<void> refuse_message();
  void on_refused(const wire::imap::ReceiverEvent& event);
  void end_command(Reply reply);
  void end_command_told(const Reply& reply);
  void count_bad();
  async::Task<void> carry_on();

  const frame::Transport transport_;
  const std::chrono::steady_clock::time_point since_;  ///< When the client connected.
  auth::SessionLimits::Slot connection_slot_;
  auth::SessionLimits::Slot user_slot_;

  std::uint32_t bad_in_a_row_ = 0;
  std::uint32_t failed_logins_ = 0;
  bool over_ = false;
};

}  // namespace posthorn::server::imap
