#pragma once

#include "async/task.h"
#include "base/number_set.h"
#include "base/result.h"
#include "server/imap/session.h"
#include "store/value/mailbox.h"
#include "wire/imap/command/commands_message.h"

namespace posthorn::server::imap {

/// Sends the items of `command` for messages that the client has just been told of, without being
/// asked (RFC 5465 §5.2). \Seen is left as it is. `command.set` is not used; messages that are gone
/// are left out. Errors: closed once the connection is lost.
async::Task<Status> fetch_new(Session& session, wire::imap::FetchCommand command,
                              store::MailboxPtr now, NumberSet uids);

}  // namespace posthorn::server::imap
