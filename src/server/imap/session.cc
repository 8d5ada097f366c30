#include "server/imap/session.h"

#include <utility>

#include "base/fault.h"
#include "base/release_memory.h"
#include "server/frame/session_log.h"
#include "server/frame/session_view.h"
#include "server/imap/capability.h"
#include "server/imap/command_table.h"
#include "server/imap/metadata_answer.h"
#include "server/imap/needs.h"
#include "server/imap/notify/tell_annotations.h"
#include "service/login.h"
#include "service/sharing/acl.h"
#include "service/sharing/find.h"
#include "text/ascii.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;
using std::chrono::milliseconds;
using wi::CodeName;
using wi::Condition;
using wi::ReceiverEvent;

Condition condition_of(Reply::Kind kind) {
  switch (kind) {
    case Reply::Kind::ok: return Condition::ok;
    case Reply::Kind::no: return Condition::no;
    case Reply::Kind::bad: return Condition::bad;
  }
  return Condition::bad;
}

/// Decides from the text of a SEARCH that could not be parsed whether it was to save its result. An
/// unknown charset is detected before there is a command value.
bool saves_result(std::string_view text) {
  const std::string upper = text::upper(text.substr(0, 200));
  std::size_t at = upper.find("RETURN ");
  if (at == std::string::npos) return false;
  at = upper.find_first_not_of(' ', at + 7);
  if (at == std::string::npos || upper[at] != '(') return false;
  const std::string_view options = std::string_view(upper).substr(at, upper.find(')', at) - at);
  return options.find("SAVE") != std::string_view::npos;
}

bool saves_result(const wi::CommandBody& body) {
  const auto* const search = std::get_if<wi::SearchCommand>(&body);
  const auto* const several = std::get_if<wi::EsearchCommand>(&body);
  return (search && search->returns && search->returns->save) || (several && several->returns.save);
}

}  // namespace

Session::Session(const ImapContext& context, frame::Accepted<ImapOptions> client)
    : context(context),
      options(std::move(client.options)),
      connection(client.stream, client.connections, options->write_time),
      transport_(client.transport),
      meter_(client.meter) {}

State Session::state() const {
  if (account == nullptr) return State::not_authenticated;
  return selected ? State::selected : State::authenticated;
}

wi::ParseOptions Session::parse_options() const {
  wi::ParseOptions parse;
  parse.utf8 = enabled.utf8 || enabled.rev2;
  if (account) parse.find_filter = [this](std::string_view name) { return find_filter(name); };
  return parse;
}

void Session::say(Condition condition, const wi::Code& code, std::string_view text) {
  auto w = writer();
  wi::format_untagged(w, condition, code, text);
}

milliseconds Session::patience() const {
  return account ? options->idle_time : connection.deadline().limit(options->login_time);
}

bool Session::is_offered(std::string_view capability) const {
  return imap::is_offered(capability, *options, without);
}

bool Session::is_plaintext_allowed() const {
  const net::Stream& stream = connection.stream();
  return auth::plaintext_on(stream.is_tls(), stream.speaker(), options->plaintext) ==
         auth::Plaintext::allowed;
}

auth::Channel Session::channel() const {
  const net::Stream& stream = connection.stream();
  auth::Channel channel;
  channel.plaintext = is_plaintext_allowed() ? auth::Plaintext::allowed : auth::Plaintext::refused;
  if (!stream.is_tls()) return channel;
  channel.secrecy = auth::Channel::Secrecy::tls;
  // A client that was not offered binding says that it supports it (RFC 5802 §6). With bindings
  // that would be taken for an attack by somebody who has hidden the offer.
  if (!is_offered("AUTH=SCRAM-SHA-256-PLUS")) return channel;
  channel.bindings = {stream.channel_binding("tls-exporter"),
                      stream.channel_binding("tls-server-end-point")};
  return channel;
}

std::string Session::capabilities() const {
  const net::Stream& stream = connection.stream();
  CapabilityView view;
  view.stage = account ? CapabilityView::Stage::after_login : CapabilityView::Stage::before_login;
  view.compressed = stream.is_deflate();
  view.without = without;
  if (account == nullptr) {
    view.can_start_tls = !stream.is_tls() && frame::current_tls(context.tls) != nullptr;
    view.plaintext_allowed = is_plaintext_allowed();
    view.mechanisms = auth::offered_mechanisms(channel(), context.authenticator.sasl());
  }
  return format_capabilities(view, *options);
}

Reply Session::refuse(const Error& error) {
  if (is_our_fault(error.kind)) {
    failed_ = true;
    frame::about("a request failed", "imap", connection.stream())
        .said("user", name)
        .said("tag", tag)
        .failure(error)
        .write(log::Level::error, name);
  }
  return reply_to(error);
}

Reply Session::lost() {
  over_ = true;
  return Reply::no("The connection was lost");
}

void Session::leave_mailbox() {
  if (!selected) return;
  selected.reset();
  say(Condition::ok, CodeName::closed, "The previous mailbox is closed");
}

void Session::bye(const wi::Code& code, std::string_view text) {
  say(Condition::bye, code, text);
  over_ = true;
}

void Session::bye_late() { bye(CodeName::unavailable, connection.deadline().words()); }

void Session::bye_stopping() { bye(CodeName::unavailable, "The server is shutting down"); }

void Session::enable_condstore() {
  if (std::exchange(enabled.condstore, true) || !selected) return;
  say(Condition::ok, wi::code::HighestModSeq{selected->cursor.highest_modseq()},
      "Highest mod-sequence");
}

// The command loop.

Task<void> Session::run() {
  if (co_await open()) {
    while (!over_) co_await serve_next();
  }
  notifications.reset();
  annotations_of_others.reset();
  selected.reset();
  (void)co_await connection.flush();
  if (account) frame::log_logout("imap", connection.stream(), name);
}

Task<bool> Session::open() {
  if (const Status counted = count_connection(); !counted) {
    // Sent only on plain connections: there is no capacity for a TLS handshake.
    if (transport_ == frame::Transport::plain) bye(CodeName::unavailable, counted.error().text);
    co_return false;
  }
  must_log_in();
  const bool begun =
      co_await frame::begin(connection.stream(), transport_, context.tls, patience(), "imap");
  if (!begun) co_return false;
  say(Condition::ok, wi::code::Capability{capabilities()}, options->hostname + " Posthorn ready");
  co_return true;
}

Task<void> Session::serve_next() {
  const auto news = notifications ? Connection::News::end : Connection::News::ignore;
  auto next = co_await connection.next(wi::Receiver::Expect::command, patience(), news);
  if (!next) {
    over_ = true;
    co_return;
  }
  switch (next->kind) {
    case Connection::Next::Kind::event: co_await serve_event(next->event); break;
    case Connection::Next::Kind::news: co_await tell_news(); break;
    case Connection::Next::Kind::stopping: bye_stopping(); break;
    case Connection::Next::Kind::timed_out:
      // RFC 9051 §5.4.
      bye(CodeName::unavailable, "The session was inactive for too long");
      break;
    case Connection::Next::Kind::late: bye_late(); break;
  }
}

Task<void> Session::serve_event(ReceiverEvent event) {
  switch (event.kind) {
    case ReceiverEvent::Kind::command:
    case ReceiverEvent::Kind::append_literal: co_await on_command(event); break;
    case ReceiverEvent::Kind::refused: on_refused(event); break;
    case ReceiverEvent::Kind::lost: bye(CodeName::client_bug, "Too much data to discard"); break;
    default: bye(CodeName::server_bug, "Internal error"); break;
  }
}

// A session rests in IDLE for hours, and this coroutine's frame with it. A frame has room for every
// coroutine that the compiler takes in, so what runs before and after the command is kept out of
// it.
Task<void> Session::on_command(ReceiverEvent event) {
  auto command = wi::parse_command(event.text, parse_options());
  if (!command) co_return co_await on_bad_command(event, command.error());
  connection.consume(event.consumed);
  bad_in_a_row_ = 0;
  tag = std::move(command->tag);
  const CommandEntry& entry = entry_of(command->body);
  const auto began = frame::CommandMeter::Clock::now();
  failed_ = false;
  auto refused = check(*command);
  Reply reply = refused ? std::move(*refused) : co_await entry.run(*this, command->body);
  note_command(command->body, reply, began);
  co_await after_command(entry, wi::numbering_of(command->body), std::move(reply));
}

[[gnu::noinline]] Task<void> Session::after_command(const CommandEntry& entry,
                                                    wi::Numbering numbering, Reply reply) {
  co_await refuse_message();
  if (over_ && after != After::close) co_return;
  auto told = entry.removes == Removes::messages ? co_await tell_regardless(entry.tells, numbering)
                                                 : co_await tell(entry.tells, numbering);
  if (entry.tells != 0 && account) tell_metadata(*this);
  if (told && entry.tells != 0 && enabled.metadata && !over_)
    told = co_await tell_annotations_of_others(*this);
  if (!told || (over_ && after != After::close)) {
    over_ = true;
    co_return;
  }
  end_command(std::move(reply));
  if (after != After::go_on) co_await carry_on();
  // Without input there is a wait anyway.
  if (connection.has_input()) co_await give_way();
}

Task<void> Session::give_way() {
  const auto now = std::chrono::steady_clock::now();
  if (now - gave_way_ < std::chrono::milliseconds(1)) co_return;
  co_await async::Loop::current()->yield();
  gave_way_ = std::chrono::steady_clock::now();
}

/// The time ends before the news is told, and that of IDLE is the client's.
void Session::note_command(const wi::CommandBody& body, const Reply& reply,
                           frame::CommandMeter::Clock::time_point began) {
  auto ending = frame::Ending::ok;
  if (reply.kind != Reply::Kind::ok)
    ending = failed_ ? frame::Ending::failed : frame::Ending::refused;
  if (std::holds_alternative<wi::IdleCommand>(body)) {
    meter_.note(body.index(), ending);
  } else {
    meter_.note(body.index(), ending, began);
  }
}

[[gnu::noinline]] Task<void> Session::on_bad_command(ReceiverEvent event, const Error& error) {
  meter_.note_unknown();
  tag = wi::tag_of(event.text);
  const Reply reply = reply_to_parse(error);
  const bool saves = reply.kind == Reply::Kind::no && saves_result(event.text);
  if (saves && selected) selected->saved_result = {};  // RFC 5182 §2.1
  connection.consume(event.consumed);
  co_await refuse_message();
  if (over_) co_return;
  end_command_told(reply);
  if (reply.kind == Reply::Kind::bad) count_bad();
}

bool Session::may_use(std::string_view capability) const {
  return is_offered(capability) || (enabled.rev2 && is_part_of_rev2(capability));
}

std::optional<Reply> Session::refuse_needs(std::span<const std::string_view> needs) const {
  for (const std::string_view name : needs)
    if (!may_use(name)) return Reply::bad("This server does not offer " + std::string(name));
  return std::nullopt;
}

std::optional<Reply> Session::check(wi::Command& command) {
  const wi::CommandSpec& spec = wi::spec_of(command.body);
  if (!spec.capability.empty() && !may_use(spec.capability)) {
    return Reply::bad("This command is not available");
  }
  if (!options->disabled_capabilities.empty() || !without.empty()) {
    if (auto refused = refuse_needs(needs_of(command.body))) return refused;
  }
  if (!spec.states.has(state())) {
    return Reply::bad(std::string(wi::name_of(command.body)) +
                      (account == nullptr                  ? " requires a login first"
                       : spec.states == wi::kWhileSelected ? " requires a selected mailbox"
                                                           : " is not allowed in this state"));
  }
  if (selected && spec.states == wi::kWhileSelected) {
    if (!check_selected()) return Reply::no("The mailbox is no longer there");
    const bool brings_back =
        selected->brings_back && std::holds_alternative<wi::MoveCommand>(command.body);
    for (const char letter : brings_back ? std::string_view() : spec.selected_rights)
      if (Status allowed =
              service::require_any(selected->mailbox, *service::rights_from({&letter, 1}));
          !allowed)
        return refuse(allowed.error());
  }
  // Before anything is done: a SELECT that is refused here leaves the mailbox selected.
  if (enabled.uid_only && uses_message_numbers(command.body)) {
    return Reply::bad("Message numbers are not allowed after UIDONLY has been enabled",
                      CodeName::uid_required);
  }
  if (command.objection) {
    // A SELECT that fails leaves no mailbox selected (RFC 9051 §6.3.2).
    if (std::holds_alternative<wi::SelectCommand>(command.body)) leave_mailbox();
    if (command.undefined_filter.empty()) return refuse(*command.objection);
    if (selected && saves_result(command.body)) selected->saved_result = {};  // RFC 5182 §2.1
    code_text = std::move(command.undefined_filter);
    return Reply::no(command.objection->text, wi::code::UndefinedFilter{code_text});
  }
  return std::nullopt;
}

Task<void> Session::look_for_news() const {
  if (account) static_cast<void>(co_await account->be_current());
  if (!selected) co_return;
  const store::AccountPtr other = selected->mailbox.account;
  if (other != account) static_cast<void>(co_await other->be_current());
}

Task<Result<service::MailboxRef>> Session::find(std::string mailbox,
                                                const wi::CommandSpec& spec) const {
  const auto rights = service::rights_from(spec.mailbox_rights);
  return service::find_mailbox(caller(), std::move(mailbox), rights ? *rights : service::Rights());
}

Task<bool> Session::may_create(std::string mailbox) const {
  const auto place = co_await service::place_of(caller(), std::move(mailbox));
  co_return place && place->above.has(service::Right::create_below);
}

Task<std::optional<ReceiverEvent>> Session::next_part() {
  auto next = co_await connection.next(wi::Receiver::Expect::command, patience());
  if (next && next->kind == Connection::Next::Kind::event) co_return next->event;
  if (next && next->kind == Connection::Next::Kind::stopping) {
    bye_stopping();
  } else if (next && next->kind == Connection::Next::Kind::late) {
    bye_late();
  } else if (next) {
    bye(CodeName::unavailable, "The command was not completed in time");
  }
  over_ = true;
  co_return std::nullopt;
}

/// Refuses a message that APPEND or REPLACE announced and that was not taken, for whatever reason.
/// The client does not send a synchronising literal then; any other is read to the end of its
/// command. The next command is thus found where it begins.
Task<void> Session::refuse_message() {
  if (over_ || !connection.receiver().awaits_message()) co_return;
  connection.receiver().refuse();
  const auto end = co_await next_part();
  if (!end) co_return;
  connection.consume(end->consumed);
  if (end->kind == ReceiverEvent::Kind::lost) bye(CodeName::too_big, "Too much data to discard");
}

void Session::on_refused(const ReceiverEvent& event) {
  meter_.note_unknown();
  tag = event.text;
  connection.consume(event.consumed);
  Reply reply = Reply::bad("The command was rejected");
  switch (event.why) {
    case ReceiverEvent::Why::line_too_long: reply.text = "The command line is too long"; break;
    case ReceiverEvent::Why::too_many_literals:
      reply.text = "The command has too many literals";
      break;
    case ReceiverEvent::Why::literal_too_big:  // RFC 7888 §4
      reply = Reply::no("The literal is too large", CodeName::too_big);
      break;
    case ReceiverEvent::Why::command_too_long:
      reply = Reply::no("The command is too long", CodeName::too_big);
      break;
    default: break;
  }
  end_command_told(reply);
  count_bad();
}

void Session::end_command(Reply reply) {
  if (selected) {
    // RFC 7162 §3.2, §3.2.7: while removals wait to be told, and after they have been told.
    const bool lower = selected->said_modseq && selected->cursor.is_waiting();
    if (enabled.qresync && (lower || selected->said_removal)) {
      const wi::code::HighestModSeq code{selected->cursor.highest_modseq()};
      if (std::holds_alternative<std::monostate>(reply.code)) {
        reply.code = code;
      } else {
        say(Condition::ok, code, "Highest mod-sequence");
      }
    }
    selected->said_modseq = false;
    selected->said_removal = false;
  }
  end_command_told(reply);
}

void Session::end_command_told(const Reply& reply) {
  auto w = writer();
  const std::string_view text = reply.text.empty() ? std::string_view("Completed") : reply.text;
  if (tag.empty()) {
    wi::format_untagged(w, condition_of(reply.kind), reply.code, text);
  } else {
    wi::format_tagged(w, tag, condition_of(reply.kind), reply.code, text);
  }
  release_memory(code_text);  // It holds half a kilobyte after a login.
}

/// A peer that speaks a different protocol (a browser, a scanner) is disconnected soon.
void Session::count_bad() {
  const std::uint32_t most = account ? options->bad_commands : options->bad_commands_before_login;
  if (++bad_in_a_row_ >= most) bye(CodeName::client_bug, "Too many bad commands");
}

Task<void> Session::carry_on() {
  const After next = std::exchange(after, After::go_on);
  if (next == After::close) {
    over_ = true;
    co_return;
  }
  if (next == After::forget_login) {
    forget_login();
    co_return;
  }
  if (auto flushed = co_await connection.flush(); !flushed) {
    over_ = true;
    co_return;
  }
  // Octets that were sent in the old layer after the command must not be taken as sent in the new
  // one (RFC 9051 §6.2.1, CVE-2011-0411, RFC 4978 §3).
  if (connection.has_input()) {
    over_ = true;
    co_return;
  }
  if (next == After::start_deflate) {
    if (!connection.stream().start_deflate()) over_ = true;
    co_return;
  }
  auto started =
      co_await connection.stream().start_tls(context.tls(), patience(), frame::alpn_of("imap"));
  if (!started) over_ = true;
  connection.receiver().reset();
}

}  // namespace posthorn::server::imap
