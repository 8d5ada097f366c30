#include "server/imap/commands.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

// RFC 4978 §3.
CommandTask cmd_compress(Session& session, wire::imap::CompressCommand& command) {
  if (command.algorithm != "DEFLATE")
    co_return Reply::bad("The only supported algorithm is DEFLATE");
  if (session.connection.stream().is_deflate()) {
    co_return Reply::no("DEFLATE is already active", wire::imap::CodeName::compression_active);
  }
  session.after = After::start_deflate;
  co_return Reply::ok("DEFLATE active");
}

}  // namespace posthorn::server::imap
