#pragma once

#include "async/task.h"
#include "engine/engine.h"
#include "store/value/account_state.h"

namespace posthorn::store {

/// Returns `loaded`, a state that was just read, with the contents of the mailboxes that `before`,
/// an older state of the account, has in memory. What other processes have changed in them since is
/// read, but not the pages that have not changed. A mailbox is left without contents if that cannot
/// be done: if its pages have changed, if something cannot be read, or if there are more commits
/// meanwhile. Decodes in place, so it must not run on a loop's thread.
async::Task<StatePtr> with_known_contents(engine::Engine& engine, PartitionId id, StatePtr loaded,
                                          StatePtr before);

}  // namespace posthorn::store
