#pragma once

#include "async/task.h"
#include "wire/pop3/command.h"

/// The implementations of the commands, called in the states that their CommandSpec allows. Each
/// writes its own response.
namespace posthorn::server::pop3 {

class Session;
using CommandTask = async::Task<void>;

CommandTask cmd(Session& session, wire::pop3::User& command);
CommandTask cmd(Session& session, wire::pop3::Pass& command);
CommandTask cmd(Session& session, wire::pop3::Auth& command);
CommandTask cmd(Session& session, wire::pop3::Apop& command);
CommandTask cmd(Session& session, wire::pop3::Capa& command);
CommandTask cmd(Session& session, wire::pop3::Stls& command);
CommandTask cmd(Session& session, wire::pop3::Utf8& command);
CommandTask cmd(Session& session, wire::pop3::Lang& command);
CommandTask cmd(Session& session, wire::pop3::Stat& command);
CommandTask cmd(Session& session, wire::pop3::List& command);
CommandTask cmd(Session& session, wire::pop3::Uidl& command);
CommandTask cmd(Session& session, wire::pop3::Retr& command);
CommandTask cmd(Session& session, wire::pop3::Top& command);
CommandTask cmd(Session& session, wire::pop3::Dele& command);
CommandTask cmd(Session& session, wire::pop3::Noop& command);
CommandTask cmd(Session& session, wire::pop3::Rset& command);
CommandTask cmd(Session& session, wire::pop3::Quit& command);

}  // namespace posthorn::server::pop3
