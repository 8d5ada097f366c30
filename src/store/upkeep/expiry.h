#pragma once

#include <cstdint>

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"

namespace posthorn::store {

/// Drops an account's history older than the horizon, and the content of messages that were
/// expunged before a separate bound, which is not earlier. The pieces of such messages become
/// candidates for release_unused().
///
/// No reference counts are stored, so none can be wrong. A message is dead if its rows were
/// expunged before the bound, and neither a mailbox nor newer history contains its ordinal. A piece
/// is unused if no remaining message names it. Both are determined by reading the account once, and
/// only if something has expired.
class Expiry {
 public:
  /// Everything before these times, in seconds since 1970. History is kept at least as long as
  /// content.
  struct Bounds {
    std::int64_t history = 0;
    std::int64_t content = 0;
  };
  enum class Outcome : std::uint8_t {
    done,
    busy,  ///< The account is being packed; try again later.
    held,  ///< Nothing of the account may be dropped (hold.h).
  };
  /// Errors: io, corrupt, unavailable. Steps already completed remain in effect.
  static async::Task<Result<Outcome>> run(AccountPtr account, Bounds before);
  /// Waits until a run that has begun before has ended or made way, for a few seconds. Returns
  /// whether it has.
  static async::Task<bool> wait_until_idle(AccountPtr account);

 private:
  static async::Task<void> wait_for_maintenance(AccountPtr account);
  static async::Task<Result<bool>> step(AccountPtr account, Bounds before);
};

}  // namespace posthorn::store
