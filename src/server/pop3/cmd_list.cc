#include <fmt/core.h>

#include "server/pop3/commands.h"
#include "server/pop3/session.h"

namespace posthorn::server::pop3 {
namespace {

using async::Task;
using wire::pop3::MessageNumber;
using wire::pop3::Reply;

Reply no_such_message(const service::Maildrop& drop) {
  return Reply::err(fmt::format("No such message; the last one is {}", drop.count()));
}

/// Writes line(number) for every message not deleted, a portion at a time.
template <class Line>
Task<void> say_list(Session& session, std::string heading, Line line) {
  const service::Maildrop& drop = *session.maildrop;
  session.say(Reply::ok(std::move(heading)));
  for (MessageNumber number = 1; number <= drop.count(); ++number) {
    if (!drop.has(number)) continue;
    session.talk.say(line(number) + "\r\n");
    if (!co_await session.drain()) co_return;
  }
  session.talk.say(wire::pop3::kEndOfList);
}

}  // namespace

// RFC 1939 §5.
CommandTask cmd(Session& session, wire::pop3::Stat&) {
  service::Maildrop& drop = *session.maildrop;
  co_await drop.measure();
  session.say(Reply::ok(fmt::format("{} {}", drop.remaining(), drop.octets_left())));
}

// RFC 1939 §5, §11: the octets that RETR sends, without the dots that stuffing adds.
CommandTask cmd(Session& session, wire::pop3::List& command) {
  service::Maildrop& drop = *session.maildrop;
  if (!command.message) {
    co_await drop.measure();
    co_return co_await say_list(
        session, fmt::format("{} messages ({} octets)", drop.remaining(), drop.octets_left()),
        [&drop](MessageNumber n) { return wire::pop3::scan_listing(n, drop.known_size(n)); });
  }
  if (!drop.has(*command.message)) co_return session.say(no_such_message(drop));
  const std::uint64_t octets = co_await drop.size_of(*command.message);
  session.say(Reply::ok(wire::pop3::scan_listing(*command.message, octets)));
}

// RFC 1939 §7.
CommandTask cmd(Session& session, wire::pop3::Uidl& command) {
  const service::Maildrop& drop = *session.maildrop;
  const auto listing = [&drop](MessageNumber n) {
    return wire::pop3::unique_id_listing(n, drop.unique_id(n));
  };
  if (!command.message) co_return co_await say_list(session, "Unique ids follow", listing);
  const bool there = drop.has(*command.message);
  session.say(there ? Reply::ok(listing(*command.message)) : no_such_message(drop));
}

}  // namespace posthorn::server::pop3
