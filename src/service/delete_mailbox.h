#pragma once

#include <string>

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"

namespace posthorn::service {

/// Removes a mailbox, its messages and its subscription in one change (RFC 9051 §6.3.5). One whose
/// rows cannot all be read is removed all the same: what cannot be read is not missed then. Errors:
/// not_found; bad_argument (INBOX); io, unavailable.
async::Task<Status> delete_mailbox(store::AccountPtr account, std::string name);

}  // namespace posthorn::service
