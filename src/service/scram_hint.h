#pragma once

#include "async/task.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/store.h"

namespace posthorn::service {

/// Returns whether somebody with this profile logs in with a password that SCRAM cannot check: one
/// that has only a hash from another server, or app passwords instead of the main one. Errors:
/// corrupt.
Result<bool> is_without_scram(const store::AccountProfile& profile);

/// Brings the store's list of such accounts (Store::accounts_without_scram) up to date for one
/// account, after its password or its login rules were changed. Returns whether it is in the list
/// now. Errors: those of the store; corrupt.
async::Task<Result<bool>> update_scram_hint(store::Store& store, AccountId account);

}  // namespace posthorn::service
