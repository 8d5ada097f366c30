#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "service/mailbox_ref.h"

/// Bringing an account back to what it was at an earlier time.
namespace posthorn::service {

struct TimeTravel {
  struct Place {
    std::string mailbox;        ///< Its name afterwards.
    std::string was;            ///< Its name before, if it has another one afterwards.
    bool created = false;       ///< It had been deleted.
    std::uint64_t back = 0;     ///< Messages that are in it again.
    std::uint64_t removed = 0;  ///< Messages that were moved, copied or brought back into it since.
    std::uint64_t reflagged = 0;  ///< Messages that have their former flags again.
  };
  std::vector<Place> places;  ///< Those where something changes, by name.
  std::uint64_t lost = 0;     ///< Messages whose content is no longer stored.
  /// Some mailboxes keep the names they have now: too many were renamed at once.
  bool names_unknown = false;
};

/// Undoes what happened to an account after a time (seconds since 1970), in one change that is
/// durable on return and that sessions see as an ordinary one. It can be undone in the same way.
///
/// Undone are changed flags, moves, copies, expunged messages, renamed and deleted mailboxes. Mail
/// that has arrived since stays where it is, and so do mailboxes that were created since; one that
/// is in the way of a former name is renamed to "NAME (later)". Messages that come back have new
/// UIDs and no \Deleted. In a shared mailbox, nobody's \Seen changes. Subscriptions follow the
/// names. Annotations, access control lists and the outbox stay as they are.
///
/// With `dry_run`, nothing is changed. Errors: not_found (the history does not reach back so far),
/// over_quota, limit, io, corrupt; unavailable (the account changes all the time).
async::Task<Result<TimeTravel>> restore_as_of(Caller caller, std::int64_t time, bool dry_run);

}  // namespace posthorn::service
