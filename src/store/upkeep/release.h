#pragma once

#include <cstdint>

#include "async/task.h"
#include "base/result.h"

namespace posthorn::store {

class Store;

/// Lets go of pieces an account holds and has no use for, and erases those that nobody holds.
///
/// It looks only at the engine's candidates: what an upload wrote ahead and no change took up
/// (broken off, refused, or the server was killed), and what the last message that named it left
/// when it went. Whether a candidate is used is read from the account's messages, never remembered.
/// A delivery of equal bytes at any moment raises the holder's stamp and the piece's version,
/// and either keeps the piece. Killed half-way, the next round takes it up again: a candidate goes
/// last.
///
/// `not_after`: candidates and holders with a later stamp (seconds since 1970) are left for another
/// time. Errors: io, unavailable; an account that cannot be read is logged and passed over.
async::Task<Status> release_unused(Store& store, std::int64_t not_after);

}  // namespace posthorn::store
