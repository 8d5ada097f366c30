#include <fmt/core.h>

#include "server/pop3/commands.h"
#include "server/pop3/reply.h"
#include "server/pop3/session.h"
#include "store/upkeep/damage_log.h"
#include "wire/lex/dot_stuffer.h"

namespace posthorn::server::pop3 {
namespace {

using async::Task;
using wire::pop3::MessageNumber;
using wire::pop3::Reply;

/// Sends the message, no faster than the client reads it. Returns false if it could not be sent
/// completely.
Task<bool> send(Session& session, service::MaildropMessage& message, std::string heading) {
  auto portion = co_await message.next();
  if (!portion) {
    session.refuse(portion.error());
    co_return false;
  }
  session.say(Reply::ok(std::move(heading)));
  wire::lex::DotStuffer dots;
  while (portion && !portion->empty()) {
    dots.add(*portion, session.talk.out());
    if (!co_await session.drain()) co_return false;
    portion = co_await message.next();
  }
  if (!portion) {
    // The message could be read a moment ago. A proper end would make the client take half a
    // message for the whole.
    session.cut(portion.error());
    co_return false;
  }
  dots.finish(session.talk.out());
  co_return true;
}

/// The damage has already been logged, once, however often the client retries.
void refuse(Session& session, const Error& error) {
  if (!store::is_damage(error.kind)) return session.refuse(error);
  session.say(reply_to({error.kind, "The message cannot be read: " + error.text}));
}

}  // namespace

// RFC 1939 §5.
CommandTask cmd(Session& session, wire::pop3::Retr& command) {
  service::Maildrop& drop = *session.maildrop;
  if (!drop.has(command.message)) co_return session.say(Reply::err("No such message"));
  auto message = co_await drop.read(command.message);
  if (!message) co_return refuse(session, message.error());
  const std::uint64_t octets = co_await drop.size_of(command.message);
  if (co_await send(session, **message, fmt::format("{} octets", octets)))
    drop.note_read(command.message);
}

// RFC 1939 §7. TOP does not count as reading the message.
CommandTask cmd(Session& session, wire::pop3::Top& command) {
  const service::Maildrop& drop = *session.maildrop;
  if (!drop.has(command.message)) co_return session.say(Reply::err("No such message"));
  auto message = co_await drop.read(command.message, command.lines);
  if (!message) co_return refuse(session, message.error());
  co_await send(session, **message, "The top of the message follows");
}

}  // namespace posthorn::server::pop3
