#pragma once

#include "async/task.h"
#include "base/result.h"
#include "service/messages.h"

namespace posthorn::service {

/// Copies or moves messages from the mailbox of removed messages, which puts them back: the stored
/// message itself is in a mailbox again, with its identity, INTERNALDATE and flags. Therefore it
/// disappears from the source in both cases, if the target is one of the same account. Messages
/// that have disappeared from the source meanwhile are ignored.
///
/// Into mailboxes of others they can only be copied, and then stay in the source as well.
/// Errors: those of transfer(); unavailable, if upkeep is just dropping the content of old
/// messages.
async::Task<Result<Transferred>> bring_back(Transfer what);

}  // namespace posthorn::service
