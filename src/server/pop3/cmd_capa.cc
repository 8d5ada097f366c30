#include "server/pop3/capability.h"
#include "server/pop3/commands.h"
#include "server/pop3/session.h"

namespace posthorn::server::pop3 {

// RFC 2449 §5.
CommandTask cmd(Session& session, wire::pop3::Capa&) {
  const CapabilityView view{
      .options = session.options,
      .can_start_tls = session.state() == State::authorization && session.offers_tls(),
      .plaintext = session.is_plaintext_allowed(),
      .mechanisms =
          auth::offered_mechanisms(session.channel(), session.context.authenticator.sasl())};
  session.say(wire::pop3::Reply::ok("Capability list follows"));
  for (const std::string& line : capabilities(view)) session.talk.say(line + "\r\n");
  session.talk.say(wire::pop3::kEndOfList);
  co_return;
}

}  // namespace posthorn::server::pop3
