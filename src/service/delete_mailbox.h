#pragma once

#include <string>

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"

namespace posthorn::service {

/// Removes a mailbox, its messages and its subscription in one change (RFC 9051 §6.3.5). A mailbox
/// whose rows cannot all be read is removed too, because unreadable rows are no reason to keep it.
/// Errors: not_found; bad_argument (INBOX); io, unavailable.
async::Task<Status> delete_mailbox(store::AccountPtr account, std::string name);

}  // namespace posthorn::service
