#pragma once

#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "engine/engine.h"
#include "store/filter/filter_block.h"
#include "store/filter/filter_catalog.h"

namespace posthorn::store {

/// Reads all signatures of a filter, in ascending order of ordinals. Computes for some milliseconds
/// for each thousand messages, so it must not run on a loop's thread. Errors: not_found, corrupt,
/// io.
async::Task<Result<std::vector<SignedMessage>>> read_filter(engine::Engine& engine,
                                                            PartitionId partition, FilterRef ref);

}  // namespace posthorn::store
