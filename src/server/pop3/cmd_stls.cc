#include "net/tls_context.h"
#include "server/frame/session_log.h"
#include "server/pop3/commands.h"
#include "server/pop3/session.h"

namespace posthorn::server::pop3 {

using wire::pop3::Reply;

namespace {

/// The time limit for a TLS handshake.
constexpr std::chrono::seconds kHandshake(30);

}  // namespace

// RFC 2595 §4.
CommandTask cmd(Session& session, wire::pop3::Stls&) {
  if (!session.offers_tls()) {
    session.say(Reply::err("STLS is not offered"));
    co_return;
  }
  if (session.utf8) {  // RFC 6856 §2.1
    session.say(Reply::err("STLS must be sent before UTF8"));
    co_return;
  }
  // Octets sent in clear must not be taken as sent under TLS (CVE-2011-0411).
  if (!session.talk.input().empty()) {
    session.say(Reply::err("Nothing may follow STLS before the TLS handshake"));
    session.close();
    co_return;
  }
  session.say(Reply::ok("Begin TLS negotiation"));
  Status ready = co_await session.talk.flush();
  net::Stream& stream = session.talk.stream();
  if (ready)
    ready = co_await stream.start_tls(
        session.context.tls(), session.talk.deadline().limit(kHandshake), frame::alpn_of("pop3"));
  if (!ready) {
    frame::about("TLS failed", "pop3", stream).failure(ready.error()).write(log::Level::info);
    session.close();
    co_return;
  }
  session.forget_dialogue();
}

}  // namespace posthorn::server::pop3
