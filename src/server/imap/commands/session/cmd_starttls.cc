#include "server/imap/commands.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

// RFC 9051 §6.2.1. The handshake follows the tagged reply.
CommandTask cmd_starttls(Session& session, wire::imap::StartTlsCommand&) {
  if (session.connection.stream().is_tls()) co_return Reply::bad("TLS is already active");
  if (frame::current_tls(session.context.tls) == nullptr) {
    co_return Reply::bad("TLS is not available: the server has no certificate");
  }
  session.after = After::start_tls;
  co_return Reply::ok("Begin TLS negotiation now");
}

}  // namespace posthorn::server::imap
