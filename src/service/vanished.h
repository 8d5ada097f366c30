#pragma once

#include <optional>

#include "async/task.h"
#include "base/number_set.h"
#include "base/result.h"
#include "service/mailbox_ref.h"
#include "store/value/mailbox.h"

namespace posthorn::service {

/// What a client that resynchronises says it knows.
struct VanishedQuery {
  ModSeq since;  ///< The client has heard of everything up to here.
  /// The UIDs that it asks about, which it may know; without a value, all.
  std::optional<NumberSet> known = {};
  /// Messages of the client's copy, as pairs of a sequence number and a UID, both ascending (RFC
  /// 7162 §3.2.5.2). As far as they still match, nothing below them has vanished that the client
  /// does not know of.
  struct Samples {
    NumberSet seqnums;
    NumberSet uids;
  };
  std::optional<Samples> samples = {};
};

/// Returns the UIDs of messages that the client may know and that no longer exist in `now`: what
/// VANISHED (EARLIER) reports (RFC 7162 §3.2.5, §3.2.6). If the history does not reach back to
/// `since`, these are all UIDs asked about that were assigned and do not exist. Errors: io,
/// corrupt.
async::Task<Result<NumberSet>> vanished_since(MailboxRef mailbox, store::MailboxPtr now,
                                              VanishedQuery query);

}  // namespace posthorn::service
