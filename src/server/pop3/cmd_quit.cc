#include <fmt/core.h>

#include "server/pop3/commands.h"
#include "server/pop3/session.h"

namespace posthorn::server::pop3 {

using service::Maildrop;
using wire::pop3::Reply;

// RFC 1939 §4, §6: the UPDATE state. All deletions are one change, which is durable before the +OK.
// If the change fails, nothing has been deleted.
CommandTask cmd(Session& session, wire::pop3::Quit&) {
  session.close();
  if (!session.maildrop) {
    session.say(Reply::ok("Good-bye"));
    co_return;
  }
  const std::unique_ptr<Maildrop> drop = std::move(session.maildrop);
  const auto seen = session.options.mark_seen ? Maildrop::Seen::mark : Maildrop::Seen::leave;
  if (auto updated = co_await drop->update(Maildrop::Deleted::expunge, seen); !updated)
    co_return session.refuse(updated.error());
  session.say(Reply::ok(fmt::format("Good-bye, {} messages left", drop->remaining())));
}

}  // namespace posthorn::server::pop3
