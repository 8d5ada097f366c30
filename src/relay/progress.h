#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "client/smtp_client.h"
#include "message/delivery_report.h"
#include "store/value/outbox.h"

/// The progress of a queued message, as pure functions on values: how an attempt or the passing of
/// time changes an entry, and what its sender is told. Without I/O; times are seconds since 1970.
namespace posthorn::relay {

struct RetryPolicy {
  /// Delay before the second attempt, in seconds; doubled with each further one.
  std::int64_t first = 60;
  std::int64_t longest = 3600;         ///< Maximum delay between two attempts.
  std::int64_t warn_after = 4 * 3600;  ///< When the sender is told of a delay, once; 0: never.
};

/// The current time with a random factor: `jitter` (0 to 1) spreads attempts, so that a thousand
/// messages that failed together are not retried together.
struct Moment {
  std::int64_t now = 0;
  double jitter = 0.5;
};

/// The result of one attempt for one recipient.
struct Tried {
  std::size_t recipient = 0;  ///< Its index in the entry.
  client::SmtpOutcome::Fate fate = client::SmtpOutcome::Fate::retry;
  wire::smtp::Reply reply = {};  ///< Has a status.
  std::string remote_mta = {};   ///< The server that gave the reply; empty if it was this one.
  bool is_local = false;         ///< Accepted into a mailbox of this store.
  /// Accepted by a server that will report the success itself (RFC 3461 §5.2.2).
  bool reports_itself = false;
};

/// Records attempts in the entry. Recipients that are no longer waiting stay unchanged, except for
/// one whose message was sent after all. Returns what the sender requested to be told.
std::vector<message::ReportedRecipient> note_tried(store::OutboxEntry& entry,
                                                   std::span<const Tried> tried,
                                                   const RetryPolicy& policy, Moment moment);

/// Records the passing of time: waiting recipients fail when the entry has expired, and delays are
/// reported.
std::vector<message::ReportedRecipient> note_time(store::OutboxEntry& entry,
                                                  const RetryPolicy& policy, std::int64_t now);

/// The work due for an entry.
struct Work {
  bool time = false;      ///< note_time() would change it.
  bool attempt = false;   ///< A recipient is due.
  std::int64_t next = 0;  ///< If neither is set: the time of the next work; never in the past.
};
Work work_for(const store::OutboxEntry& entry, const RetryPolicy& policy, std::int64_t now);

/// Returns whether a delivery to this recipient is due.
bool is_due(const store::OutboxRecipient& recipient, std::int64_t now);

/// Whether a report is to be sent at all: never about what came from nobody (RFC 3461 §5.2,
/// RFC 5321 §4.5.5), so that no report answers a report.
bool may_report(const store::OutboxEntry& entry);

}  // namespace posthorn::relay
