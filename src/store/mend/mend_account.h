#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace posthorn::store {

/// What mend_account() found.
struct MendedAccount {
  std::string name;  ///< Of the account, as its profile has it now.
  bool has_outbox = false;
};

/// Makes an account of which rows are missing one that can be opened: what is there stays as it is,
/// UIDs and UIDVALIDITY too, and what must not be missing is made anew. `known_as` is its address
/// in the directory, if there is one; `in_doubt` says that rows may be missing of which nothing
/// else tells. Says in `losses` what was lost, one sentence each.
///
/// * Without counters: they are set above every number that is in use. The quota is lost.
/// * Without a profile: the name is `known_as`, and no password is accepted.
/// * A mailbox without a head gets a new UIDVALIDITY; one without a name is named when the account
///   is opened (store/read/behind.h).
/// * An entry of the outbox that cannot be read is removed.
/// * If rows are missing, messages that are stored and that nothing names come into the mailbox
/// "Recovered", with
///   new UIDs, without flags, and dated by their Date field.
///
/// Returns nothing, and changes nothing, if there is nothing of an account: the sweep leaves such
/// partitions of removed accounts.
///
/// Requires: no Store is open on the engine, and the engine's epoch is new to the account. Blocks.
/// Errors: those of the engine.
Result<std::optional<MendedAccount>> mend_account(engine::Engine& engine, const PartitionId& id,
                                                  std::string_view known_as, bool in_doubt,
                                                  std::vector<std::string>& losses);

}  // namespace posthorn::store
