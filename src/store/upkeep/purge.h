#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "engine/engine.h"

namespace posthorn::store {

/// Removes everything of an account that no address leads to: pieces, pages, rows. The rows and
/// pages that say which pieces it holds are removed after all pieces are released. The row of its
/// counters is the first row removed, so if it is absent, an earlier run was interrupted among the
/// rows and no piece is left to find. May be repeated after a crash. Blocks. Errors: those of the
/// engine.
Status purge_account(engine::Engine& engine, const AccountId& id);

}  // namespace posthorn::store
