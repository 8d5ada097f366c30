#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "async/task.h"
#include "base/ids.h"
#include "base/result.h"
#include "engine/engine.h"

/// The legal hold of an account. While it lasts, nothing that the account has or had is dropped:
/// not the history, not the content of expunged messages and deleted mailboxes, not the account
/// itself. Users delete as always and are not told. The row is in the directory, not in the
/// account, so that a copy or a change of the account cannot lose it.
namespace posthorn::store {

class Store;

struct Hold {
  std::int64_t since = 0;  ///< Seconds since 1970.
  std::string reason;
};

inline constexpr std::size_t kMaxHoldReason = 1000;  ///< Octets.

/// Returns the hold of an account, if there is one. Errors: corrupt, and those of the engine.
async::Task<Result<std::optional<Hold>>> find_hold(engine::Engine& engine, AccountId account);

/// Sets a hold, or replaces the reason of the one there is. What was not dropped yet when this
/// returns is kept. Errors: not_found (the account), bad_argument (the reason), unavailable (the
/// account is being swept just now: the hold is set, but something may still be dropped), io.
async::Task<Status> hold_account(Store& store, AccountId account, std::string reason);
/// Ends the hold: what is older than the horizon goes with one of the next sweeps. Errors:
/// not_found (there is no hold), io.
async::Task<Status> end_hold(Store& store, AccountId account);

}  // namespace posthorn::store
