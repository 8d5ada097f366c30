#include "server/imap/commands.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

namespace wi = wire::imap;

// RFC 9051 §6.1.2. The session tells the client of changes after every command.
CommandTask cmd_noop(Session&, wi::NoopCommand&) { co_return Reply::ok(); }

// RFC 3501 §6.4.1. Everything acknowledged is durable already.
CommandTask cmd_check(Session&, wi::CheckCommand&) { co_return Reply::ok(); }

}  // namespace posthorn::server::imap
