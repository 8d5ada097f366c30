#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/rocksdb/salvage/salvage.h"

namespace posthorn::store {

/// Makes the rows of a salvaged store fit together again, so that every account of which anything
/// is left can be opened (mend_account.h), is found by its address, has its queued mail sent, and
/// holds the pieces of its messages. What cannot be mended is left for Store::check() to find.
/// Returns what was lost, one sentence each, without the messages whose content is lost.
///
/// Requires: no Store is open on the engine. Blocks. Reads all rows of the store. Can be repeated.
/// Errors: those of the engine.
Result<std::vector<std::string>> mend_salvaged(engine::Engine& engine,
                                               const engine::Salvaged& salvaged);

}  // namespace posthorn::store
