#pragma once

#include <vector>

#include "async/task.h"
#include "store/account.h"
#include "store/value/grants.h"

namespace posthorn::service {

/// Puts mailboxes of `owner` among the subscriptions of the users who may see and read them, since
/// most clients show subscribed mailboxes only. Done once for each entry, which remembers it, so
/// that what a user unsubscribes stays so; not for groups and anyone, and not if the operator does
/// not want it. Of what fails, the log says so; the next call for the entry tries again.
async::Task<void> subscribe_readers(store::AccountPtr owner, std::vector<store::GrantKey> entries);

}  // namespace posthorn::service
