#include "server/imap/commands.h"
#include "server/imap/notify/tell_account.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

namespace wi = wire::imap;

// RFC 9051 §6.1.2. The session tells the client of changes of the selected mailbox after every
// command; those of the rest of the account would come soon anyway (RFC 5465).
CommandTask cmd_noop(Session& session, wi::NoopCommand&) {
  co_await session.look_for_news();
  if (auto told = co_await tell_account(session); !told) co_return session.lost();
  co_return Reply::ok();
}

// RFC 3501 §6.4.1. Everything acknowledged is durable already.
CommandTask cmd_check(Session& session, wi::CheckCommand&) {
  co_await session.look_for_news();
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
