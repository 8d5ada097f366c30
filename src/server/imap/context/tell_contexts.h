#pragma once

#include "async/task.h"
#include "base/result.h"
#include "server/imap/session.h"
#include "store/value/mailbox.h"

namespace posthorn::server::imap {

/// Sends REMOVEFROM for messages that `now` no longer has (RFC 5267 §4.3.4). Must precede their
/// EXPUNGE, which makes their numbers invalid, and may be sent when that may not.
void tell_contexts_of_removals(Session& session, const store::Mailbox& now);

/// Sends what else has changed in the results between the last version told and `now` (RFC 5267
/// §4.3.2). Must follow the EXISTS and FETCH responses (RFC 5465 §5.1, §5.2, §7). Errors: closed
/// once the connection is lost.
async::Task<Status> tell_contexts(Session& session, store::MailboxPtr now);

}  // namespace posthorn::server::imap
