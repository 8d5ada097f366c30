#pragma once

#include "async/task.h"
#include "base/result.h"
#include "server/imap/session.h"
#include "store/value/mailbox.h"
#include "wire/imap/command/commands_mailbox.h"

namespace posthorn::server::imap {

/// Writes a STATUS response (RFC 9051 §7.3.4), for STATUS or for LIST (RFC 5819).
async::Task<Status> say_status(Session& session, store::MailboxPtr mailbox,
                               wire::imap::StatusItems items);

}  // namespace posthorn::server::imap
