#include <utility>

#include "server/imap/commands.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

namespace wi = wire::imap;

namespace {

async::Task<Reply> log_in(Session& session, wi::LoginCommand& command) {
  if (!session.is_plaintext_allowed()) {
    auth::wipe(command.password);
    co_return Reply::no("Passwords are accepted only under TLS", wi::CodeName::privacy_required);
  }
  auth::Secret password(command.password);
  auth::wipe(command.password);
  auth::Source source = session.source();
  source.mechanism = "LOGIN command";
  auto identity = co_await session.context.authenticator.login(
      std::move(command.user), std::move(password), std::move(source));
  if (!identity) co_return session.refuse(identity.error());
  if (auto in = co_await session.log_in(std::move(*identity)); !in) {
    co_return session.refuse(in.error());
  }
  co_return session.welcome();
}

}  // namespace

// RFC 9051 §6.2.3.
CommandTask cmd_login(Session& session, wi::LoginCommand& command) {
  co_return session.judge_login(co_await log_in(session, command));
}

}  // namespace posthorn::server::imap
