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
#include "server/imap/notify/notifications.h"
#include "server/imap/reply.h"
#include "server/imap/selected.h"
#include "store/account.h"
#include "text/collation.h"
#include "wire/imap/command/command.h"
#include "wire/imap/response/response.h"

namespace posthorn::server::imap {

using State = wire::imap::SessionState;

/// The extensions the client has enabled, by ENABLE (RFC 5161) or by commands that imply it. They
/// stay enabled until the connection or the login ends.
struct Enabled {
  bool condstore = false;
  bool qresync = false;
  bool rev2 = false;
  bool utf8 = false;
  bool uid_only = false;  ///< No message numbers in either direction (RFC 9586).
  bool metadata = false;  ///< All changes of annotations are told (RFC 5464 §4.4.2).
};

/// What to do with the connection once the reply has been sent.
enum class After : std::uint8_t { go_on, start_tls, start_deflate, forget_login, close };

struct CommandEntry;

/// One client's session, from the greeting to BYE. Its members are public to the commands
/// (commands.h), which implement it. A session belongs to its stream's loop.
class Session final : public auth::LiveSession {
 public:
  /// `context` must outlive the session.
  Session(const ImapContext& context, frame::Accepted<ImapOptions> client);

  async::Task<void> run();

  // For the commands.
  const ImapContext& context;
  const std::shared_ptr<const ImapOptions> options;
  Connection connection;
  store::AccountPtr account;           ///< Set at login.
  std::unique_ptr<Selected> selected;  ///< Set while a mailbox is selected.
  Enabled enabled;
  /// What the client asked for with NOTIFY (RFC 5465); null while it has not.
  std::unique_ptr<Notifications> notifications;
  /// The annotations that the client was told of; set while it wants to be told of changes.
  std::shared_ptr<const store::Annotations> told_metadata;
  /// The same for the mailboxes of others, of a client that does not use NOTIFY.
  std::unique_ptr<OthersTold> annotations_of_others;
  text::Collation collation = text::kDefaultCollation;  ///< The active comparator (RFC 5255 §4.2).
  std::string tag;                                      ///< Tag of the current command.
  std::string name;  ///< Name of the account, once known; for the log.
  /// Capabilities that the account is not offered (auth::Identity::without_capabilities).
  std::vector<std::string> without;
  After after = After::go_on;
  /// Set when nobody waits for a computation any more: the server is stopping, or the client has
  /// left. Read by the threads that compute.
  std::atomic<bool> given_up = false;
  std::string code_text;  ///< Owns text that the code of a reply may point to.

  [[nodiscard]] State state() const;
  /// Who asks for what this session does. Requires: logged in.
  [[nodiscard]] service::Caller caller() const {
    service::Caller caller = service::Caller::owner(account, connection.stream().id());
    // Not owned: a session outlives what it asks for.
    caller.login = std::shared_ptr<const std::string>(std::shared_ptr<const std::string>(), &name);
    return caller;
  }
  /// Returns the mailbox of that name, if the user has one of the rights on it that the declaration
  /// of the command names. Errors: not_found, also if the user may not know of the mailbox;
  /// no_permission, and those of opening an account.
  async::Task<Result<service::MailboxRef>> find(std::string name,
                                                const wire::imap::CommandSpec& spec) const;
  /// Brings the account, and that of the selected mailbox, up to date with other nodes
  /// (Account::be_current()). For commands that a client sends to hear of what is new, and which
  /// cannot fail: if that cannot be found out now, the client hears of it later.
  async::Task<void> look_for_news() const;
  /// Returns whether the user could create a mailbox of that name, in which case clients are told
  /// to do so (RFC 9051 §7.1 TRYCREATE).
  async::Task<bool> may_create(std::string name) const;
  [[nodiscard]] wire::imap::Dialect dialect() const {
    return {enabled.rev2, enabled.utf8 || enabled.rev2};
  }
  /// A writer that appends to the pending output.
  wire::imap::Writer writer() { return wire::imap::Writer(connection.out(), dialect()); }
  [[nodiscard]] wire::imap::ParseOptions parse_options() const;
  /// The value of a named filter: the private one, else that of the server (RFC 5466 §3.1).
  [[nodiscard]] Result<std::string> find_filter(std::string_view name) const;
  /// Writes an untagged status response.
  void say(wire::imap::Condition condition, const wire::imap::Code& code, std::string_view text);
  /// How long to wait for the client's next input.
  [[nodiscard]] std::chrono::milliseconds patience() const;
  [[nodiscard]] bool is_offered(std::string_view capability) const;
  /// Returns whether the capability is offered, or is part of IMAP4rev2 and the client has enabled
  /// that.
  [[nodiscard]] bool may_use(std::string_view capability) const;
  /// Returns the refusal of a command that needs an unavailable capability; none if all are
  /// available.
  [[nodiscard]] std::optional<Reply> refuse_needs(std::span<const std::string_view> needs) const;
  [[nodiscard]] bool is_plaintext_allowed() const;
  /// The capabilities to advertise now, separated by spaces.
  [[nodiscard]] std::string capabilities() const;
  [[nodiscard]] auth::Channel channel() const;
  /// Who tries to log in, without the mechanism.
  [[nodiscard]] auth::Source source() const;

  /// Returns the reply for an error. Errors that are the server's fault are logged here, once.
  Reply refuse(const Error& error);
  /// Makes the client that a gateway has named the peer of this session, which has not logged in.
  /// If there are too many connections from there, the session ends.
  void speak_for(std::string peer);
  /// Opens the account of an authenticated user. Errors: limit, and those of opening the account.
  async::Task<Status> log_in(auth::Identity identity);
  // For operators (auth/live_session.h).
  [[nodiscard]] auth::SessionView view() const override;
  void end(std::string_view words) override;
  void show_to(std::shared_ptr<Tap> tap) override;
  /// Judges `reply`, the result of LOGIN or AUTHENTICATE. After too many failures the connection is
  /// closed, so that guessing costs connections as well.
  Reply judge_login(Reply reply);
  /// The reply to a successful login, with the capabilities available now (RFC 9051 §6.2.2).
  [[nodiscard]] Reply welcome();
  /// Enables CONDSTORE and sends HIGHESTMODSEQ if a mailbox is selected (RFC 7162 §3.1).
  void enable_condstore();
  /// Sends the changes of the selected mailbox that the client may be told now and wants to be told
  /// (RFC 5465), as untagged responses. Errors: closed, io.
  async::Task<Status> tell(service::Tellings allowed, wire::imap::Numbering numbering);
  /// Ends the session, and returns false, if the selected mailbox no longer exists or may no longer
  /// be read (RFC 2180 §3.3, RFC 4314 §5.1.1). Otherwise brings the rights on it up to date.
  bool check_selected();
  /// Sends FLAGS and PERMANENTFLAGS: the flags in use, and those that the user may change (RFC 4314
  /// §5.1.1).
  void say_flags(const store::Mailbox& now);
  /// The same, whatever the client wants to be told: for the results of its own commands.
  async::Task<Status> tell_regardless(service::Tellings allowed, wire::imap::Numbering numbering);
  /// Sends FLAGS and PERMANENTFLAGS if the mailbox has keywords that the client was not told of.
  /// Must precede every response that is made from `now` and may use a keyword (RFC 9051 §7.3.5).
  void tell_keywords(const store::Mailbox& now);
  /// Deselects the selected mailbox, if any, and sends CLOSED (RFC 9051 §6.3.2).
  void leave_mailbox();
  /// Sends BYE and ends the session.
  void bye(const wire::imap::Code& code, std::string_view text);
  /// Sends BYE because the deadline has passed, and ends the session.
  void bye_late();
  /// Sends BYE because the server is stopping, and ends the session.
  void bye_stopping();
  /// Returns true when the connection is lost or the session was ended: nothing more may be sent.
  [[nodiscard]] bool is_over() const { return over_; }
  /// Waits for the next event of a command that comes in parts (APPEND). Returns none if the
  /// connection is lost, the time is up or the server is stopping; the session is over then.
  async::Task<std::optional<wire::imap::ReceiverEvent>> next_part();
  /// Lets the other sessions of the loop run if this one has not for a millisecond. For long
  /// answers, and for clients that send many commands at once.
  async::Task<void> give_way();
  /// Marks the session as over after a failed read or write, for `co_return session.lost()`.
  Reply lost();

 private:
  async::Task<bool> open();
  /// Counts the connection as its peer's. Errors: limit.
  Status count_connection();
  async::Task<void> serve_next();
  async::Task<void> serve_event(wire::imap::ReceiverEvent event);
  async::Task<void> on_command(wire::imap::ReceiverEvent event);
  void note_command(const wire::imap::CommandBody& body, const Reply& reply,
                    frame::CommandMeter::Clock::time_point began);
  async::Task<void> on_bad_command(wire::imap::ReceiverEvent event, const Error& error);
  /// Returns the reply to a command that must not be executed.
  std::optional<Reply> check(wire::imap::Command& command);
  /// Tells what the command allows to tell, then how it ended.
  async::Task<void> after_command(const CommandEntry& entry, wire::imap::Numbering numbering,
                                  Reply reply);
  async::Task<void> refuse_message();
  void on_refused(const wire::imap::ReceiverEvent& event);
  /// Tells what has happened while no command is in progress (RFC 5465).
  async::Task<void> tell_news();
  void end_command(Reply reply);
  void end_command_told(const Reply& reply);
  void count_bad();
  async::Task<void> carry_on();
  void forget_login();
  /// Sets the time by which the client must log in.
  void must_log_in();

  const frame::Transport transport_;
  frame::CommandMeter& meter_;
  auth::SessionLimits::ConnectionSlot connection_slot_;
  auth::SessionLimits::Slot user_slot_;

  std::uint32_t bad_in_a_row_ = 0;
  std::uint32_t failed_logins_ = 0;
  bool over_ = false;
  /// When give_way() last let others run.
  std::chrono::steady_clock::time_point gave_way_;
  bool failed_ = false;  ///< The current command has met a fault of the server.
};

}  // namespace posthorn::server::imap
