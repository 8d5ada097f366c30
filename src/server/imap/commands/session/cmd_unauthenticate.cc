#include "server/imap/commands.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

// RFC 8437 §3. There is no NO to it, because the client may have sent its next login already. The
// mailbox is deselected without expunging anything; Session::forget_login() does the rest after the
// tagged reply.
CommandTask cmd_unauthenticate(Session& session, wire::imap::UnauthenticateCommand&) {
  if (session.connection.stream().is_deflate()) {
    // RFC 8437 §3 allows BYE for what cannot be reset: nothing tells where in the octets that have
    // arrived the client ended its compression.
    session.bye(wire::imap::CodeName::unavailable, "Compression cannot be ended; connect again");
    co_return Reply::ok();
  }
  session.selected.reset();
  session.after = After::forget_login;
  co_return Reply::ok("Logged out; another login may follow");
}

}  // namespace posthorn::server::imap
