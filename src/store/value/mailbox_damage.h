#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "base/number_set.h"

namespace posthorn::store {

/// The parts of a mailbox's stored rows that cannot be read, and the consequences.
struct MailboxDamage {
  /// Messages that are either lost or were expunged before; it is not possible to tell which.
  NumberSet uids;
  /// One sentence per finding. Empty: there is no damage.
  std::vector<std::string> findings;
  /// Records of flag changes that cannot be read.
  std::vector<Seq> flag_changes;
  /// The engine itself cannot read the range of the rows, or the list of pages is lost. Rewriting
  /// the mailbox would not help, or would destroy what a better tool may recover.
  bool beyond_repair = false;
};

}  // namespace posthorn::store
