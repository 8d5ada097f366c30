#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "service/mailbox_ref.h"

/// Bringing back what was removed, by whatever protocol: expunged messages, and mailboxes deleted
/// with their messages. The content of removed messages is kept for `storage.expunged_retention`.
namespace posthorn::service {

struct UndeleteQuery {
  std::int64_t since = 0;  ///< Removed at this time or later; seconds since 1970.
  std::string mailbox;  ///< Only what was removed from the mailbox of this name; empty: from all.
  std::string message_id;  ///< Only this message, with or without angle brackets; empty: all.
  std::string into;        ///< Put everything into this mailbox; empty: where it was.
  bool dry_run = false;    ///< Only tell what would happen.
};

struct Undeleted {
  struct Place {
    std::string mailbox;
    std::uint64_t messages = 0;
    bool created = false;  ///< There was no mailbox of that name any more.
  };
  std::vector<Place> places;  ///< By name.
  std::uint64_t lost = 0;     ///< Removed messages whose content is no longer stored.
};

/// Puts removed messages back, in one change that is durable on return. A message is left out if it
/// exists in some mailbox of the account: it was moved, copied, or has been brought back before. A
/// message that was moved before it was removed goes to the mailbox from which it vanished.
/// Messages get new UIDs, keep their flags except \Deleted, and their identity. Mailboxes that are
/// missing are created, and subscribed if they were; a deleted mailbox gets its special use back
/// unless another mailbox has it now. If `mailbox` names one that was deleted, it comes back also
/// if there is nothing to put into it.
///
/// What an older version deleted with its mailbox has lost the mailbox's name, and goes to
/// "Recovered". Errors: not_found (nothing was removed from a mailbox of that name), over_quota,
/// limit, io, corrupt, unavailable.
async::Task<Result<Undeleted>> undelete(Caller caller, UndeleteQuery query);

}  // namespace posthorn::service
