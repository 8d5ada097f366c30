#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "engine/engine.h"

namespace posthorn::store {

/// Calls `body` with the body column of every message an account has stored, mailbox, outbox or
/// history. Single rows are read before groups: a message packed meanwhile is then seen in one of
/// the two. May block. Errors: those of the engine and of `body`; corrupt.
Status for_each_body(engine::Engine& engine, const PartitionId& account,
                     const std::function<Status(std::string_view)>& body);

/// Every piece an account may hold: those its messages name, and its candidates. There are no
/// others: a commit that takes the last message naming a piece makes the piece a candidate, and so
/// does the hold of one written ahead. Costs what the account has, whatever else is stored. May
/// block. Errors: as for_each_body().
Result<std::vector<engine::PieceName>> pieces_held(engine::Engine& engine,
                                                   const PartitionId& account);

/// The engine's candidates of one holder. May block. Errors: io, unavailable.
Result<std::vector<engine::Candidate>> candidates_of(engine::Engine& engine,
                                                     const PartitionId& holder);

}  // namespace posthorn::store
