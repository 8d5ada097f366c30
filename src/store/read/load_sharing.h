#pragma once

#include <map>
#include <memory>

#include "async/task.h"
#include "base/result.h"
#include "engine/engine.h"
#include "store/value/account_state.h"

namespace posthorn::store {

/// Reads the access control lists, and what the readers of each mailbox have seen. An entry of a
/// list that cannot be read gives nobody anything; if it took rights away, the whole list gives
/// nothing, so that damage opens no mailbox. What a reader has seen is what is stored with the
/// messages, if it cannot be read. check() reports both.
async::Task<Status> load_sharing(engine::Engine& engine, PartitionId id, AccountState& state,
                                 std::map<MailboxId, std::shared_ptr<Mailbox>>& made);

}  // namespace posthorn::store
