#include "server/pop3/commands.h"
#include "server/pop3/session.h"

namespace posthorn::server::pop3 {

using wire::pop3::Reply;

namespace {

/// The same reply for existing and unknown names (RFC 8314 §4.1), and without [AUTH], because
/// another password would not help.
Reply refused_in_clear() { return Reply::err("Passwords are accepted only under TLS"); }

}  // namespace

// RFC 1939 §7. The reply does not reveal whether the user exists.
CommandTask cmd(Session& session, wire::pop3::User& command) {
  if (!session.is_plaintext_allowed()) {
    session.say(refused_in_clear());
    co_return;
  }
  session.said_name = std::move(command.name);
  session.say(Reply::ok("Send the password with PASS"));
}

// RFC 1939 §7.
CommandTask cmd(Session& session, wire::pop3::Pass& command) {
  auth::Secret password(command.password);
  auth::wipe(command.password);
  std::string name = std::exchange(session.said_name, {});
  if (!session.is_plaintext_allowed()) {
    session.say(refused_in_clear());
    co_return;
  }
  if (name.empty()) {
    session.say(Reply::err("Send USER first"));
    co_return;
  }
  auth::Source source = session.source();
  source.mechanism = "PASS command";
  auto identity = co_await session.context.authenticator.login(std::move(name), std::move(password),
                                                               std::move(source));
  if (!identity) co_return session.refuse(identity.error());
  co_await session.log_in(std::move(*identity));
}

// RFC 1939 §7, RFC 2449 §6: a greeting can offer APOP, and ours does not, because the server would
// have to store every password in clear.
CommandTask cmd(Session& session, wire::pop3::Apop&) {
  session.say(Reply::err("APOP is not offered"));
  co_return;
}

}  // namespace posthorn::server::pop3
