#include "server/imap/commands.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

// RFC 9051 §6.1.1.
CommandTask cmd_capability(Session& session, wire::imap::CapabilityCommand&) {
  auto w = session.writer();
  wire::imap::format_capability(w, session.capabilities());
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
