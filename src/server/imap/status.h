#pragma once

#include <string>

#include "async/task.h"
#include "base/result.h"
#include "server/imap/session.h"
#include "store/value/mailbox.h"
#include "wire/imap/command/commands_mailbox.h"

namespace posthorn::server::imap {

/// Writes a STATUS response (RFC 9051 §7.3.3), in answer to STATUS or to LIST (RFC 5819). `mailbox`
/// is a version of `ref`, which must outlive the task; `name` is what the client calls it.
async::Task<Status> say_status(Session& session, const service::MailboxRef& ref,
                               store::MailboxPtr mailbox, std::string name,
                               wire::imap::StatusItems items);

}  // namespace posthorn::server::imap
