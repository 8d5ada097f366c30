#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "async/task.h"
#include "base/mutex.h"
#include "base/result.h"
#include "client/smtp_client.h"
#include "store/account.h"
#include "store/value/outbox.h"

namespace posthorn::relay {

/// An entry of an outbox that this process works on, where several have the store open. Whoever is
/// about to send it first commits that in the entry, so that the others leave it alone, and renews
/// that while the work lasts. Where this process is the only one, all of this does nothing.
///
/// * The commit is refused if another process was faster: its claim is seen then.
/// * If the answer of the commit is lost, nothing is sent. The claim may be there nevertheless, and
///   is this process's own when it tries again. A commit that takes effect late cannot take an
///   entry from another: it was computed from a version that the other's commit has replaced.
/// * A process that dies or is cut off lets its claims lapse, and another one goes on. One that
///   slept does not send any more, since it looks at the time before each part of the message and
///   before its end (holds()). So a message is sent twice only if the process is stopped for
///   minutes between the end of the message and the relay's answer, or cannot record that answer
///   before the claim lapses. Any SMTP client that dies there does that (RFC 5321 §4.1.1.4).
///
/// The clocks of two machines must not differ by more than OutboxEntry::kClaimGrace.
/// Thread: the loop's, except holds().
class Claim {
 public:
  Claim(store::AccountPtr account, store::OutboxId entry);

  /// Takes the entry, or renews the claim if half of its time has passed. Returns the entry as it
  /// is then; null if it is finished, or another process's. Errors: those of a change; it is not
  /// known whether the entry is claimed, and it must not be sent.
  async::Task<Result<store::OutboxEntryPtr>> take();
  /// Does take(), unless that is under way, and forgets its result: if the claim cannot be renewed,
  /// it lapses.
  async::Task<void> renew();
  /// Whether it may still be sent. Thread: any.
  [[nodiscard]] bool holds() const;
  /// The same message, which cannot be read any more, not even its end, once this does not hold.
  /// Both must outlive the result.
  [[nodiscard]] std::unique_ptr<client::SmtpSource> guard(client::SmtpSource& source) const;

  /// Lets others take what this process has claimed in this outbox.
  static async::Task<void> release_all(store::AccountPtr account);

 private:
  void lasts_until(std::int64_t wall, std::int64_t now);

  const store::AccountPtr account_;
  const store::OutboxId entry_;
  bool renewing_ = false;
  /// By both clocks: one may be set, and the other may stand still while the machine sleeps.
  mutable Mutex mutex_;
  std::int64_t until_ POSTHORN_GUARDED_BY(mutex_) = 0;
  std::chrono::steady_clock::time_point steady_until_ POSTHORN_GUARDED_BY(mutex_);
};

}  // namespace posthorn::relay
