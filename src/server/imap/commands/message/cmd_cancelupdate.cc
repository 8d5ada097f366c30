#include "server/imap/commands.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

// RFC 5267 §4.3.5. A tag without updates is no error: they may have ended just now.
CommandTask cmd_cancelupdate(Session& session, wire::imap::CancelUpdateCommand& command) {
  std::unique_ptr<SearchContexts>& contexts = session.selected->contexts;
  if (!contexts) co_return Reply::ok();
  for (const std::string& tag : command.tags) contexts->remove(tag);
  if (contexts->all().empty()) contexts.reset();
  co_return Reply::ok("No further updates");
}

}  // namespace posthorn::server::imap
