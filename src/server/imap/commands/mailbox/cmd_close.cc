#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "service/messages.h"

namespace posthorn::server::imap {

namespace wi = wire::imap;

// RFC 9051 §6.4.1: expunges without EXPUNGE responses, unless the mailbox is read-only. RFC 7162
// §3.2.8: HIGHESTMODSEQ is not sent either.
CommandTask cmd_close(Session& session, wi::CloseCommand&) {
  const service::MailboxRef mailbox = session.selected->mailbox;
  const bool read_only = session.selected->is_read_only();
  session.selected.reset();
  // RFC 4314 §4: without the right to expunge, nothing is, and that is no failure.
  if (read_only || !mailbox.rights.has(service::Right::expunge)) co_return Reply::ok();
  auto gone = co_await service::expunge_deleted(mailbox, std::nullopt);
  if (!gone && gone.error().kind != ErrorKind::not_found) co_return session.refuse(gone.error());
  co_return Reply::ok("CLOSE completed");
}

// RFC 9051 §6.4.2.
CommandTask cmd_unselect(Session& session, wi::UnselectCommand&) {
  session.selected.reset();
  co_return Reply::ok("UNSELECT completed");
}

}  // namespace posthorn::server::imap
