#include <utility>

#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "service/mailboxes.h"

namespace posthorn::server::imap {

namespace wi = wire::imap;

// RFC 9051 §6.3.7.
CommandTask cmd_subscribe(Session& session, wi::SubscribeCommand& command) {
  Status done = co_await service::subscribe(session.caller(), command.mailbox);
  if (!done) co_return session.refuse(done.error());
  if (session.notifications)
    session.notifications->note_own({.name = std::move(command.mailbox), .subscribed = true});
  co_return Reply::ok();
}

// RFC 9051 §6.3.8.
CommandTask cmd_unsubscribe(Session& session, wi::UnsubscribeCommand& command) {
  Status done = co_await service::unsubscribe(session.caller(), command.mailbox);
  if (!done) co_return session.refuse(done.error());
  if (session.notifications)
    session.notifications->note_own({.name = std::move(command.mailbox), .subscribed = false});
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
