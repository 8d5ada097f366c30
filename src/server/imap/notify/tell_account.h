#pragma once

#include "async/task.h"
#include "base/result.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

/// Sends what has changed in the account since the client was last told, as far as it asked for it
/// with NOTIFY: LIST for names, STATUS for mailboxes other than the selected one, METADATA for
/// annotations of others' mailboxes (RFC 5465 §5). Annotations of the user's own account are told
/// by tell_metadata(). Errors: closed, io.
async::Task<Status> tell_account(Session& session);

/// Sends the STATUS that NOTIFY SET STATUS asks for (RFC 5465 §3.1). Errors: closed, io.
async::Task<Status> say_status_of_groups(Session& session);

/// Ends the notifications, since there is too much to tell (RFC 5465 §5.8).
void overflow(Session& session);

}  // namespace posthorn::server::imap
