#pragma once

#include <cstdint>

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"

namespace posthorn::store {

/// Drops an account's history older than the horizon, and the content of messages that were
/// expunged before a bound of its own, which is no earlier: their pieces become candidates of
/// release_unused().
///
/// No counts of references are kept anywhere, so none can be wrong: a message is dead when its rows
/// were expunged before the bound and no mailbox and no younger history has its ordinal; a piece
/// is unused when no message left names it. Both are found by reading the account once, only when
/// something expired.
class Expiry {
 public:
  /// In seconds since 1970: everything before. History is kept as long as content, or longer.
  struct Bounds {
    std::int64_t history = 0;
    std::int64_t content = 0;
  };
  enum class Outcome : std::uint8_t {
    done,
    busy,  ///< The account is being packed: to be tried again.
  };
  /// Errors: io, corrupt, unavailable; what was done stays done.
  static async::Task<Result<Outcome>> run(AccountPtr account, Bounds before);

 private:
  static async::Task<Result<bool>> step(AccountPtr account, Bounds before);
};

}  // namespace posthorn::store
