#pragma once

#include <cstdint>

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"

namespace posthorn::service {

/// Sets the storage quota of an account, in octets (0: no limit), unless it is that already.
/// Errors: those of the store. Thread: any loop's.
async::Task<Status> set_storage_quota(store::AccountPtr account, std::uint64_t octets);

}  // namespace posthorn::service
