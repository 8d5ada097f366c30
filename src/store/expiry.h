#pragma once

#include <cstdint>

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"

namespace posthorn::store {

/// Drops an account's history older than the horizon, and the content that nothing but that history
/// used: its pieces become candidates of release_unused().
///
/// No counts of references are kept anywhere, so none can be wrong: a message is dead when its rows
/// were expunged before the horizon and no mailbox and no younger history has its ordinal; a piece
/// is unused when no message left names it. Both are found by reading the account once, only when
/// something expired.
class Expiry {
 public:
  /// `before`: seconds since 1970. Errors: io, corrupt, unavailable; what was done stays done.
  static async::Task<Status> run(AccountPtr account, std::int64_t before);

 private:
  static async::Task<Result<bool>> step(AccountPtr account, std::int64_t before);
};

}  // namespace posthorn::store
