#pragma once

#include <cstdint>

#include "async/task.h"
#include "base/result.h"

namespace posthorn::store {

class Store;

/// Releases pieces that an account holds but does not need, and erases those without any holder.
///
/// Examines only the engine's candidates: pieces that an upload wrote ahead and no change used (the
/// upload was aborted or refused, or the server was killed), and pieces whose last message was
/// removed. Whether a candidate is used is read from the account's messages, never from a stored
/// count. If the same bytes are delivered concurrently, the delivery raises the holder's stamp and
/// the piece's version, and either of them protects the piece. If the work is interrupted, the next
/// round continues it, because a candidate is removed last.
///
/// Candidates and holders with a stamp later than `not_after` (seconds since 1970) are left for a
/// later round. Errors: io, unavailable; an account that cannot be read is logged and skipped.
async::Task<Status> release_unused(Store& store, std::int64_t not_after);

}  // namespace posthorn::store
