#include "server/imap/commands.h"
#include "server/imap/progress.h"
#include "server/imap/session.h"
#include "service/messages.h"

namespace posthorn::server::imap {

// RFC 9051 §6.4.3, §6.4.9. The session sends the EXPUNGE responses, together with those for other
// sessions' changes.
CommandTask cmd_expunge(Session& session, wire::imap::ExpungeCommand& command) {
  const Selected& selected = *session.selected;
  if (selected.is_read_only()) {
    co_return Reply::no("The mailbox is open read-only", wire::imap::CodeName::no_perm);
  }
  std::optional<NumberSet> uids;
  if (command.uids) {
    auto seqnums = selected.resolve(*command.uids, wire::imap::Numbering::uid);
    if (!seqnums) co_return session.refuse(seqnums.error());
    uids = selected.told().uids_of(*seqnums);
    if (uids->empty()) co_return Reply::ok();
  }
  Progress progress(session);
  auto gone = co_await service::expunge_deleted(selected.mailbox, std::move(uids));
  co_await progress.finish();
  if (!gone) co_return session.refuse(gone.error());
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
