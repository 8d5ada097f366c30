#include <fmt/core.h>

#include "server/pop3/commands.h"
#include "server/pop3/session.h"

namespace posthorn::server::pop3 {

using wire::pop3::Reply;

// RFC 1939 §5. The message is only marked; it is deleted at QUIT.
CommandTask cmd(Session& session, wire::pop3::Dele& command) {
  service::Maildrop& drop = *session.maildrop;
  if (!drop.has(command.message)) {
    session.say(Reply::err("No such message"));
    co_return;
  }
  drop.mark_deleted(command.message);
  session.say(Reply::ok("Marked for deletion at QUIT"));
}

// RFC 1939 §5.
CommandTask cmd(Session& session, wire::pop3::Rset&) {
  session.maildrop->unmark_all();
  session.say(Reply::ok(fmt::format("{} messages", session.maildrop->count())));
  co_return;
}

// RFC 1939 §5.
CommandTask cmd(Session& session, wire::pop3::Noop&) {
  session.say(Reply::ok("NOOP completed"));
  co_return;
}

}  // namespace posthorn::server::pop3
