#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/ids.h"
#include "base/result.h"

/// Accounts that were removed, and whose mail is still stored: for the grace time of the sweep
/// (StoreOptions::sweep_grace_seconds) they can be brought back.
namespace posthorn::store {

class Store;

struct RemovedAccount {
  AccountId id;
  std::string name;
  std::int64_t removed = 0;  ///< Seconds since 1970.
  std::int64_t kept_until = 0;
};

/// Returns the accounts that can be brought back, the last removed first. Accounts that cannot be
/// read are left out. Errors: those of the engine.
async::Task<Result<std::vector<RemovedAccount>>> removed_accounts(Store& store);

struct RestoredAccount {
  AccountId id;
  /// Addresses that have been given to others since, and do not lead to the account again.
  std::vector<std::string> taken;
};
/// Brings a removed account back, with its mail, settings, password and aliases; the one that was
/// removed last if there are several of this name. It is disabled if it was before. If this is
/// interrupted, the account may be disabled, and lack aliases. Not brought back are memberships in
/// teams and places in aliases that lead to several addresses.
/// Errors: not_found (no such account, or its grace time is over), already_exists (the name is
/// taken), corrupt, those of the engine.
async::Task<Result<RestoredAccount>> restore_account(Store& store, std::string name);

/// Gives an account this address, and takes back the order to remove its mail, in one commit.
/// Blocks. Errors: already_exists (somebody has the address), not_found (there is no such order any
/// more); those of the engine.
Status take_back_removal(Store& store, const std::string& address, const AccountId& id);

}  // namespace posthorn::store
