#pragma once

#include "async/task.h"
#include "wire/pop3/command.h"

/// The implementations of the commands, called when the command table allows them. Each writes its
/// own response.
namespace posthorn::server::pop3 {

class Session;
using CommandTask = async::Task<void>;

CommandTask cmd_user(Session& session, wire::pop3::User& command);
CommandTask cmd_pass(Session& session, wire::pop3::Pass& command);
CommandTask cmd_auth(Session& session, wire::pop3::Auth& command);
CommandTask cmd_apop(Session& session, wire::pop3::Apop& command);
CommandTask cmd_capa(Session& session, wire::pop3::Capa& command);
CommandTask cmd_stls(Session& session, wire::pop3::Stls& command);
CommandTask cmd_utf8(Session& session, wire::pop3::Utf8& command);
CommandTask cmd_lang(Session& session, wire::pop3::Lang& command);
CommandTask cmd_stat(Session& session, wire::pop3::Stat& command);
CommandTask cmd_list(Session& session, wire::pop3::List& command);
CommandTask cmd_uidl(Session& session, wire::pop3::Uidl& command);
CommandTask cmd_retr(Session& session, wire::pop3::Retr& command);
CommandTask cmd_top(Session& session, wire::pop3::Top& command);
CommandTask cmd_dele(Session& session, wire::pop3::Dele& command);
CommandTask cmd_noop(Session& session, wire::pop3::Noop& command);
CommandTask cmd_rset(Session& session, wire::pop3::Rset& command);
CommandTask cmd_quit(Session& session, wire::pop3::Quit& command);

}  // namespace posthorn::server::pop3
