#pragma once

#include <optional>

#include "async/task.h"
#include "base/result.h"
#include "service/sending/sending_rules.h"
#include "store/account.h"
#include "store/value/email.h"
#include "store/value/outbox.h"

namespace posthorn::service {

/// A message accepted for sending.
struct Submission {
  /// The envelope: return path, ENVID, RET, body, SMTPUTF8, trace, session, hold_until and
  /// recipients. The rest is set by submit().
  store::OutboxEntry envelope;
  store::NewEmail email;  ///< As the sender wrote it, Bcc included: that goes when it is sent.
};

struct Submitted {
  store::OutboxId id;
  MailboxId sent;  ///< Where the sender's copy is; 0: none is kept.
  Uid uid;
};

/// Files the sender's copy, marked \Seen, and queues the message, as one change: durable when it
/// returns, all or nothing. \Sent is made when the account has none. A copy that the client itself
/// appended within the window is not filed again. Errors: limit, bad_argument (sender.h);
/// over_quota (no room for the copy); io, unavailable.
async::Task<Result<Submitted>> submit(store::AccountPtr account, Submission submission,
                                      SendingRules rules);

}  // namespace posthorn::service
