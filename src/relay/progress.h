#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "client/smtp_client.h"
#include "message/delivery_report.h"
#include "store/value/outbox.h"

/// How far a queued message is, as values: what becomes of an entry when somebody was tried or time
/// has passed, and what its sender is told. Without I/O; times are seconds since 1970.
namespace posthorn::relay {

struct RetryPolicy {
  std::int64_t first = 60;             ///< Before the second attempt; doubled with each one.
  std::int64_t longest = 3600;         ///< But never more.
  std::int64_t warn_after = 4 * 3600;  ///< The sender is told of a delay once; 0: never.
};

/// A moment with its luck: attempts spread out by `jitter` (0 to 1), so that a thousand messages
/// that failed together do not come back together.
struct Moment {
  std::int64_t now = 0;
  double jitter = 0.5;
};

/// What came of one attempt for one recipient.
struct Tried {
  std::size_t recipient = 0;  ///< Its index in the entry.
  client::SmtpOutcome::Fate fate = client::SmtpOutcome::Fate::retry;
  wire::smtp::Reply reply = {};  ///< With a status.
  std::string remote_mta = {};   ///< Who said so; empty: this server.
  bool is_local = false;         ///< Accepted into a mailbox of this store.
  /// Accepted by a server that will report the success itself (RFC 3461 §5.2.2).
  bool reports_itself = false;
};

/// Notes attempts in the entry. Recipients that nobody waits for any more stay as they are, but for
/// one that was sent after all. Returns what the sender wants to be told.
std::vector<message::ReportedRecipient> note_tried(store::OutboxEntry& entry,
                                                   std::span<const Tried> tried,
                                                   const RetryPolicy& policy, Moment moment);

/// Notes what time alone does: waiting recipients fail when the entry has expired, and delays are
/// told.
std::vector<message::ReportedRecipient> note_time(store::OutboxEntry& entry,
                                                  const RetryPolicy& policy, std::int64_t now);

/// What there is to do for an entry.
struct Work {
  bool time = false;      ///< note_time() would change it.
  bool attempt = false;   ///< Somebody is to be tried.
  std::int64_t next = 0;  ///< If neither: when there will be; never in the past.
};
Work work_for(const store::OutboxEntry& entry, const RetryPolicy& policy, std::int64_t now);

/// Whether this recipient is to be tried.
bool is_due(const store::OutboxRecipient& recipient, std::int64_t now);

/// Whether a report is to be sent at all: never about what came from nobody (RFC 3461 §5.2,
/// RFC 5321 §4.5.5), so that no report answers a report.
bool may_report(const store::OutboxEntry& entry);

}  // namespace posthorn::relay
