#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "service/delete_mailbox.h"

namespace posthorn::server::imap {

namespace wi = wire::imap;

// RFC 9051 §6.3.5. The subscription is removed too; otherwise clients would continue to show the
// mailbox.
CommandTask cmd_delete(Session& session, wi::DeleteCommand& command) {
  const store::StatePtr state = session.account->published();
  const store::MailboxPtr mailbox = state->find(command.mailbox);
  if (mailbox == nullptr && state->has_children(command.mailbox)) {
    co_return Reply::no("there are mailboxes below it", wi::CodeName::has_children);
  }
  Status done = co_await service::delete_mailbox(session.account, command.mailbox);
  if (!done) co_return session.refuse(done.error());
  if (session.selected && mailbox != nullptr && session.selected->id == mailbox->id) {
    session.selected.reset();
    session.say(wi::Condition::ok, wi::CodeName::closed, "The selected mailbox was deleted");
  }
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
