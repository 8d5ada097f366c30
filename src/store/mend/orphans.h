#pragma once

#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "store/mend/account_rows.h"
#include "store/value/members.h"

namespace posthorn::store {

using Ordinals = std::unordered_set<Ordinal>;

/// Returns the messages that are stored whole and that nothing names: no mailbox (`named` has those
/// of all mailboxes), no history of removed messages, and no entry of the outbox. They have no UID,
/// and the date of their Date field. Only where rows were lost are these the lost messages; else
/// they are what the next sweep removes. Blocks. Errors: those of the engine that are not damage.
Result<std::vector<Member>> find_orphans(engine::Engine& engine, const PartitionId& id,
                                         const AccountRows& rows, const Ordinals& named);

}  // namespace posthorn::store
