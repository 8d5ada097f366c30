#pragma once

#include <cstdint>
#include <string_view>

#include "async/task.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/store.h"

namespace posthorn::service {

/// What the client of a session is told that ends because its login no longer counts.
constexpr std::string_view kLoginChanged =
    "The password or the state of this account was changed: log in again";

/// Returns an error unless the account's password and state are still those that were checked at
/// the login, when its record had `version`. A session asks this once it has been counted
/// (auth::SessionLimits::admit_user): what changed before is found here, and what changes later
/// ends the session. Errors: unavailable, with kLoginChanged; those of reading the account. Thread:
/// any loop's.
async::Task<Status> confirm_login(store::Store& store, AccountId account, std::uint64_t version);

}  // namespace posthorn::service
