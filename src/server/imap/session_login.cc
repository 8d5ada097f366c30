#include <algorithm>
#include <utility>

#include "base/defaults.h"
#include "server/frame/session_log.h"
#include "server/frame/session_view.h"
#include "server/imap/session.h"
#include "service/login.h"

// How a session begins to belong to a user, and stops to.
namespace posthorn::server::imap {

namespace wi = wire::imap;
using async::Task;

namespace {

static_assert(wi::ReceiverLimits{}.line == defaults::kCommandLineOctets);
static_assert(wi::ReceiverLimits{}.literal == defaults::kLiteralOctets);

wi::ReceiverLimits limits_after_login(const ImapOptions& options) {
  wi::ReceiverLimits limits;
  limits.line = options.max_line_octets;
  limits.literal = options.max_literal_octets;
  limits.command = std::max(limits.command, limits.line + limits.literal);
  return limits;
}

}  // namespace

auth::Source Session::source() const {
  const net::Stream& stream = connection.stream();
  return {.peer = stream.peer(),
          .mechanism = {},
          .protocol = "imap",
          .session = stream.id(),
          .service = auth::Protocol::imap};
}

Reply Session::welcome() {
  code_text = capabilities();
  return Reply::ok("Logged in", wi::code::Capability{code_text});
}

Reply Session::judge_login(Reply reply) {
  if (reply.kind == Reply::Kind::ok || over_) return reply;
  if (++failed_logins_ < options->failed_logins) return reply;
  // As with LOGOUT, the client gets the tagged reply to its command too.
  frame::about("closed after failed logins", "imap", connection.stream())
      .number("logins", failed_logins_)
      .write(log::Level::info);
  say(wi::Condition::bye, wi::CodeName::unavailable, "Too many failed logins");
  after = After::close;
  return reply;
}

Task<Status> Session::log_in(auth::Identity identity) {
  name = identity.name;
  auto slot = context.limits.admit_user(identity, [this] { end(service::kLoginChanged); }, this);
  if (!slot) co_return pass(slot);
  const Status counts = co_await service::confirm_login(context.store, identity);
  if (!counts) co_return counts;
  auto opened = co_await context.store.account(identity.account);
  if (!opened) co_return pass(opened);
  // What ends sessions may have come during the waits above.
  if (connection.deadline().has_passed())
    co_return fail(ErrorKind::unavailable, std::string(connection.deadline().words()));
  connection.deadline().clear();
  user_slot_ = std::move(*slot);
  account = std::move(*opened);
  without = std::move(identity.without_capabilities);
  connection_slot_.logged_in();
  connection.receiver().set_limits(limits_after_login(*options));
  bad_in_a_row_ = 0;
  co_return Status();
}

auth::SessionView Session::view() const {
  const net::Stream& stream = connection.stream();
  return frame::view_of("imap", stream, name);
}

void Session::end(std::string_view words) { connection.deadline().pass_now(words); }

void Session::show_to(std::shared_ptr<Tap> tap) { connection.stream().set_tap(std::move(tap)); }

Status Session::count_connection() {
  connection_slot_ = {};  // A connection is in one place only.
  auto slot = context.limits.admit_connection(connection.stream().peer());
  if (!slot) return pass(slot);
  connection_slot_ = std::move(*slot);
  return {};
}

void Session::speak_for(std::string peer) {
  connection.stream().set_peer(std::move(peer), net::Stream::NamedBy::gateway);
  if (const Status counted = count_connection(); !counted)
    bye(wi::CodeName::unavailable, counted.error().text);
}

void Session::must_log_in() {
  connection.deadline().set(options->login_time, frame::Deadline::Late::cut,
                            "The login took too long");
}

/// RFC 8437 §3, §4.1: everything but TLS is as it was before the login. Failed logins still count,
/// since guessing on one connection is what their limit is about.
void Session::forget_login() {
  frame::log_logout("imap", connection.stream(), name);
  connection.stream().set_tap(nullptr);
  selected.reset();
  account.reset();
  user_slot_ = {};
  name.clear();
  without.clear();
  enabled = {};
  collation = text::kDefaultCollation;
  notifications.reset();
  told_metadata.reset();
  annotations_of_others.reset();
  given_up = false;
  bad_in_a_row_ = 0;
  connection_slot_.logged_out();
  must_log_in();
  connection.receiver().set_limits(wi::ReceiverLimits::before_login());
}

}  // namespace posthorn::server::imap
