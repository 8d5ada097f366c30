#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "base/number_set.h"

namespace posthorn::store {

/// What of a mailbox's stored rows could not be read, and what that costs.
struct MailboxDamage {
  /// Messages that are lost to the mailbox, or were expunged: nobody can tell any more.
  NumberSet uids;
  /// One sentence each; empty: there is no damage.
  std::vector<std::string> findings;
  /// Records of flag changes that cannot be read.
  std::vector<Seq> flag_changes;
  /// The engine itself cannot read where the rows lie, or the list of pages is lost: writing the
  /// mailbox anew would not help, or would lose what a better tool may find.
  bool beyond_repair = false;
};

}  // namespace posthorn::store
