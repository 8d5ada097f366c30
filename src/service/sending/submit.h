#pragma once

#include <cstdint>
#include <optional>

#include "async/task.h"
#include "base/result.h"
#include "service/sending/sending_rules.h"
#include "service/sending/team_sent.h"
#include "store/account.h"
#include "store/value/email.h"
#include "store/value/outbox.h"

namespace posthorn::service {

/// A message accepted for sending.
struct Submission {
  /// The envelope: return path, ENVID, RET, body, SMTPUTF8, trace, session, hold_until and
  /// recipients. submit() sets the other members.
  store::OutboxEntry envelope;
  store::NewEmail
      email;  ///< As the sender wrote it, including Bcc, which is removed when the message is sent.
  /// The connection that the message came over (net::Stream::id()), for the log; 0: none.
  std::uint64_t session = 0;
  /// Set if the author is a team: the copy for its \Sent.
  std::optional<TeamCopy> team_copy = {};
};

struct Submitted {
  store::OutboxId id;
  MailboxId sent;  ///< The mailbox of the sender's copy; 0 if none is kept.
  Uid uid;
};

/// Files the sender's copy, marked \Seen, and queues the message in one change, which is atomic and
/// durable on return. Creates \Sent if the account has none. If the client itself appended a copy
/// within the window, no other is filed.
///
/// The copy for a team is filed first, in a change of the team's account; it is taken back if the
/// message is not accepted. The sender's own copy is then filed only if the team wants both, or has
/// no copy. Errors: limit, bad_argument (sender.h); limit also if what waits without a copy would
/// be more than the quota; over_quota (no room for the copy); io, unavailable.
async::Task<Result<Submitted>> submit(store::AccountPtr account, Submission submission,
                                      SendingRules rules);

}  // namespace posthorn::service
