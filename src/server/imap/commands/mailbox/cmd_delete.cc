#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "service/mailboxes.h"

namespace posthorn::server::imap {

namespace wi = wire::imap;

// RFC 9051 §6.3.5.
CommandTask cmd_delete(Session& session, wi::DeleteCommand& command) {
  const auto mailbox = co_await session.find(command.mailbox, command.kSpec);
  if (!mailbox && session.account->published()->has_children(command.mailbox)) {
    co_return Reply::no("The mailbox has child mailboxes", wi::CodeName::has_children);
  }
  if (!mailbox) co_return session.refuse(mailbox.error());
  Status done = co_await service::delete_mailbox(session.caller(), command.mailbox);
  if (!done) co_return session.refuse(done.error());
  if (session.notifications)
    session.notifications->note_own({.name = command.mailbox,
                                     .reach = Notifications::OwnName::Reach::above,
                                     .exists = false,
                                     .subscribed = false});
  if (session.selected && mailbox && session.selected->mailbox.is(*mailbox)) {
    session.selected.reset();
    session.say(wi::Condition::ok, wi::CodeName::closed, "The selected mailbox was deleted");
  }
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
