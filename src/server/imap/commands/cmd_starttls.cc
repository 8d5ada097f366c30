#include "server/imap/commands.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

// RFC 9051 §6.2.1. The handshake follows the tagged reply.
CommandTask cmd_starttls(Session& session, wire::imap::StartTlsCommand&) {
  if (session.connection.stream().is_tls()) co_return Reply::bad("TLS is on already");
  if (frame::current_tls(session.context.tls) == nullptr) {
    co_return Reply::bad("there is no TLS here");
  }
  session.after = After::start_tls;
  co_return Reply::ok("begin TLS now");
}

}  // namespace posthorn::server::imap
