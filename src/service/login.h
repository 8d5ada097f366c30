#pragma once

#include <string_view>

#include "async/task.h"
#include "auth/identity.h"
#include "base/result.h"
#include "store/store.h"

namespace posthorn::service {

/// What the client of a session is told that ends because its login no longer counts.
constexpr std::string_view kLoginChanged =
    "The password or the state of this account was changed: log in again";

/// Returns an error unless what was checked at the login still counts: the password and the state
/// of the account and of the master who acts as it, and the app password. A session asks this once
/// it has been counted (auth::SessionLimits::admit_user): what changed before is found here, and
/// what changes later ends the session. Errors: unavailable, with kLoginChanged; those of reading
/// the accounts. Thread: any loop's.
async::Task<Status> confirm_login(store::Store& store, auth::Identity identity);

}  // namespace posthorn::service
