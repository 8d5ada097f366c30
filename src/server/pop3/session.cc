#include "server/pop3/session.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "async/loop.h"
#include "base/fault.h"
#include "net/tls_context.h"
#include "server/frame/session_log.h"
#include "server/frame/session_view.h"
#include "server/pop3/commands.h"
#include "server/pop3/reply.h"
#include "service/login.h"
#include "wire/pop3/parse_command.h"

namespace posthorn::server::pop3 {

using async::Task;
using std::chrono::milliseconds;
using wire::pop3::Code;
using wire::pop3::Reply;

namespace {

/// AUTH without arguments only requests the list of mechanisms.
bool is_login(const wire::pop3::Command& command) {
  const auto* const auth = std::get_if<wire::pop3::Auth>(&command);
  return (auth != nullptr && !auth->mechanism.empty()) ||
         std::holds_alternative<wire::pop3::Pass>(command);
}

}  // namespace

Session::Session(const Pop3Context& context, LoginDelay& delay, frame::Accepted<Pop3Options> client)
    : context(context),
      options(*client.options),
      talk(client.stream, client.options->login_time, client.options->write_time),
      options_(std::move(client.options)),
      delay_(delay),
      connections_(client.connections),
      transport_(client.transport),
      lines_(wire::pop3::kMaxLineOctets),
      meter_(client.meter) {}

void Session::say(const Reply& reply) {
  const bool temporary = reply.code == Code::sys_temp;
  if (reply.status == Reply::Status::ok) {
    ending_ = frame::Ending::ok;
  } else {
    ending_ = temporary ? frame::Ending::failed : frame::Ending::refused;
  }
  talk.say(wire::pop3::format_reply(reply));
}

bool Session::is_plaintext_allowed() const {
  const net::Stream& stream = talk.stream();
  return auth::plaintext_on(stream.is_tls(), stream.speaker(), options.plaintext) ==
         auth::Plaintext::allowed;
}

bool Session::offers_tls() const {
  return !talk.stream().is_tls() && frame::current_tls(context.tls) != nullptr;
}

auth::Channel Session::channel() const {
  const net::Stream& stream = talk.stream();
  auth::Channel channel;
  channel.plaintext = auth::plaintext_on(stream.is_tls(), stream.speaker(), options.plaintext);
  if (!stream.is_tls()) return channel;
  channel.secrecy = auth::Channel::Secrecy::tls;
  if (options.channel_binding)
    channel.bindings = {stream.channel_binding("tls-exporter"),
                        stream.channel_binding("tls-server-end-point")};
  return channel;
}

auth::Source Session::source() const {
  const net::Stream& stream = talk.stream();
  return {.peer = stream.peer(),
          .mechanism = {},
          .protocol = "pop3",
          .session = stream.id(),
          .service = auth::Protocol::pop3};
}

milliseconds Session::patience() const {
  return state() == State::transaction ? options.idle_time : options.login_time;
}

Task<void> Session::run() {
  if (co_await open()) {
    while (open_) {
      const std::optional<std::string> line = co_await next_line();
      if (!line) break;
      co_await obey(*line);
    }
  }
  Status ignored = co_await talk.flush();
  // RFC 1939 §6: without QUIT nothing is deleted, but \Seen is still set on messages that were
  // read.
  if (maildrop && options.mark_seen) {
    const Status updated =
        co_await maildrop->update(service::Maildrop::Deleted::keep, service::Maildrop::Seen::mark);
    if (!updated)
      frame::about("the seen flags were not set", "pop3", talk.stream())
          .said("user", name_)
          .failure(updated.error())
          .write(log::Level::warning, name_);
  }
  if (maildrop) frame::log_logout("pop3", talk.stream(), name_);
}

Task<bool> Session::open() {
  auto slot = context.limits.admit_connection(talk.stream().peer());
  if (!slot) {
    // Sent only on plain connections: there is no capacity for a TLS handshake.
    if (transport_ == frame::Transport::plain) refuse(slot.error());
    co_return false;
  }
  connection_slot_ = std::move(*slot);
  talk.deadline().set(options.login_time, frame::Deadline::Late::cut, "The login took too long");
  const bool begun = co_await frame::begin(talk.stream(), transport_, context.tls,
                                           talk.deadline().limit(options.login_time), "pop3");
  if (!begun) co_return false;
  // Without angle brackets, which would offer APOP (RFC 2449 §6).
  say(Reply::ok(options.hostname + " Posthorn ready"));
  co_return true;
}

Task<std::optional<std::string>> Session::next_line() {
  while (true) {
    if (connections_.stopping()) {
      lost({ErrorKind::unavailable, ""});
      co_return std::nullopt;
    }
    // Asked also when input is there: a client that always has some would otherwise never be late.
    if (talk.deadline().has_passed()) {
      lost({ErrorKind::timed_out, ""});
      co_return std::nullopt;
    }
    if (auto line = lines_.take(talk.input())) {
      if (!line->too_long) co_return std::string(line->text);
      say(Reply::err("The line is too long"));
      count_bad();
      if (!open_) co_return std::nullopt;
      continue;
    }
    talk.set_idle(patience());
    Status received = co_await talk.receive();
    if (!received) {
      lost(received.error());
      co_return std::nullopt;
    }
  }
}

Task<bool> Session::drain() {
  if (!talk.is_full()) co_return true;
  if (auto flushed = co_await talk.flush(); !flushed) {
    cut(flushed.error());
    co_return false;
  }
  co_await async::Loop::current()->yield();
  co_return true;
}

void Session::lost(const Error& error) {
  open_ = false;
  if (error.kind == ErrorKind::unavailable) {
    say(Reply::err("The server is shutting down", Code::sys_temp));
  } else if (maildrop && talk.deadline().has_passed()) {
    say(Reply::err(std::string(talk.deadline().words()), Code::sys_temp));
  } else if (error.kind != ErrorKind::closed && error.kind != ErrorKind::timed_out) {
    frame::about("the connection was lost", "pop3", talk.stream())
        .failure(error)
        .write(log::Level::info);
  }
  // RFC 1939 §3: a client that was silent for too long gets no response.
}

Task<void> Session::obey(std::string_view line) {
  auto command = wire::pop3::parse_command(line);
  if (!command) {
    meter_.note_unknown();
    said_name.clear();
    say(reply_to(command.error()));
    count_bad();
    co_return;
  }
  // RFC 1939 §7: PASS must follow USER directly.
  if (!std::holds_alternative<wire::pop3::Pass>(*command)) said_name.clear();
  if (!wire::pop3::spec_of(*command).states.has(state())) {
    say(Reply::err(state() == State::authorization ? "Log in first"
                                                   : "This command is not allowed after login"));
    count_bad();
    co_return;
  }
  bad_in_a_row_ = 0;
  const bool logs_in = is_login(*command);
  const auto began = frame::CommandMeter::Clock::now();
  co_await std::visit([this](auto& alternative) { return cmd(*this, alternative); }, *command);
  meter_.note(command->index(), ending_, began);
  if (logs_in && !maildrop) count_failed_login();
}

/// Counts a failed login, which has already been answered. After too many the connection is closed,
/// so that guessing costs connections as well.
void Session::count_failed_login() {
  if (++failed_logins_ < options.failed_logins) return;
  frame::about("closed after failed logins", "pop3", talk.stream())
      .number("logins", failed_logins_)
      .write(log::Level::info);
  open_ = false;
}

/// A peer that speaks a different protocol (a browser, a scanner) is disconnected soon.
void Session::count_bad() {
  const std::uint32_t most = maildrop ? options.bad_commands : options.bad_commands_before_login;
  if (++bad_in_a_row_ < most) return;
  say(Reply::err("Too many bad commands"));
  open_ = false;
}

void Session::refuse(const Error& error) {
  if (is_our_fault(error.kind)) frame::log_trouble("pop3", talk.stream(), name_, error);
  say(reply_to(error));
}

void Session::cut(const Error& error) {
  if (error.kind != ErrorKind::closed)
    frame::about("a response could not be completed", "pop3", talk.stream())
        .said("user", name_)
        .failure(error)
        .write(log::Level::error, name_);
  open_ = false;
}

Task<void> Session::log_in(auth::Identity identity) {
  name_ = identity.name;
  if (!delay_.admit(identity.account, options.login_delay)) {
    say(Reply::err("The last login was too recent; try again later", Code::login_delay));
    co_return;
  }
  auto slot = context.limits.admit_user(identity, [this] { end(service::kLoginChanged); }, this);
  if (!slot) co_return refuse(slot.error());
  const Status counts = co_await service::confirm_login(context.store, identity);
  if (!counts) co_return refuse(counts.error());
  auto account = co_await context.store.account(identity.account);
  if (!account) co_return refuse(account.error());
  const Status current = co_await (*account)->be_current();
  if (!current) co_return refuse(current.error());
  const auto form = utf8 ? service::HeaderForm::utf8 : service::HeaderForm::ascii;
  auto opened = co_await service::Maildrop::open(
      service::Caller::owner(std::move(*account), talk.stream().id()), form);
  if (!opened) co_return refuse(opened.error());
  user_slot_ = std::move(*slot);
  maildrop = std::move(*opened);
  // What ends sessions may have come during the waits above.
  if (talk.deadline().has_passed())
    co_return refuse({ErrorKind::unavailable, std::string(talk.deadline().words())});
  talk.deadline().clear();
  connection_slot_.logged_in();
  bad_in_a_row_ = 0;
  say(Reply::ok(fmt::format("Logged in, {} messages", maildrop->count())));
}

auth::SessionView Session::view() const { return frame::view_of("pop3", talk.stream(), name_); }

void Session::end(std::string_view words) { talk.deadline().pass_now(words); }

void Session::show_to(std::shared_ptr<Tap> tap) { talk.stream().set_tap(std::move(tap)); }

void Session::forget_dialogue() {
  said_name.clear();
  utf8 = false;
}

}  // namespace posthorn::server::pop3
