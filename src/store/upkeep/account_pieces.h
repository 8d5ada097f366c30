#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "engine/engine.h"

namespace posthorn::store {

/// What to do about a body column that cannot be read.
enum class DamagedBodies : std::uint8_t { fail, pass_over };

/// Calls `body` with the body column of every message that an account has stored, whether in a
/// mailbox, the outbox or history. Single rows are read before groups, so that a message packed in
/// the meantime is seen in at least one of the two. Blocks. Errors: those of the engine and of
/// `body`; corrupt.
Status for_each_body(engine::Engine& engine, const PartitionId& account,
                     const std::function<Status(std::string_view)>& body,
                     DamagedBodies damaged = DamagedBodies::fail);

/// Returns every piece that an account may hold: those that its messages name, and its candidates.
/// There are no others, because a commit that removes the last message naming a piece makes the
/// piece a candidate, and so does the hold of a piece written ahead. The cost depends on the
/// account alone, not on the size of the store. Blocks. Errors: as for_each_body().
Result<std::vector<engine::PieceName>> pieces_held(engine::Engine& engine,
                                                   const PartitionId& account);

/// Returns the engine's candidates of one holder. Blocks. Errors: io, unavailable.
Result<std::vector<engine::Candidate>> candidates_of(engine::Engine& engine,
                                                     const PartitionId& holder);

}  // namespace posthorn::store
