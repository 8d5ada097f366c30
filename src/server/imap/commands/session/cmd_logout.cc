#include "server/imap/commands.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

// RFC 9051 §6.1.3: BYE, then the tagged OK, then the connection is closed.
CommandTask cmd_logout(Session& session, wire::imap::LogoutCommand&) {
  session.say(wire::imap::Condition::bye, {}, "Logging out");
  session.after = After::close;
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
