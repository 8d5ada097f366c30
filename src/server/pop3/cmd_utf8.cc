#include <array>

#include "server/pop3/commands.h"
#include "server/pop3/session.h"
#include "text/ascii.h"

namespace posthorn::server::pop3 {

using wire::pop3::Reply;

// RFC 6856 §2.1.
CommandTask cmd(Session& session, wire::pop3::Utf8&) {
  session.utf8 = true;
  session.say(Reply::ok("UTF-8 enabled"));
  co_return;
}

// RFC 6856 §3. English is the only language. It is used for requests for any kind of English, and
// for the server's choice.
CommandTask cmd(Session& session, wire::pop3::Lang& command) {
  const std::string& range = command.range;
  if (range.empty()) {
    session.say(Reply::ok("Language list follows"));
    session.talk.say("en English\r\n");
    session.talk.say(wire::pop3::kEndOfList);
  } else if (range == "*" || text::iequals(range, "en") || text::istarts_with(range, "en-")) {
    session.say(Reply::ok("en English selected"));
  } else {
    session.say(Reply::err("This language is not available"));
  }
  co_return;
}

}  // namespace posthorn::server::pop3
