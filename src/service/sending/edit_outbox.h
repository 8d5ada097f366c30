#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "async/task.h"
#include "base/ids.h"
#include "base/result.h"
#include "service/mailbox_ref.h"
#include "store/value/email.h"
#include "store/value/outbox.h"
#include "store/value/sending.h"

namespace posthorn::service {

/// A delivery report about an entry.
struct OutboxReport {
  store::NewEmail mail;
  /// Whom it is mailed to, from the null path. Empty: it is appended to INBOX, since the account
  /// itself sent the message.
  std::string mail_to = {};
  std::chrono::seconds give_up_after = std::chrono::hours(5 * 24);  ///< If it is mailed.
};

/// Changes an entry of the outbox by `edit`, which gets its current state and may run more than
/// once. The entry is removed when none of its recipients waits any more. `report`, unless it is
/// null, is delivered or queued by the same change; it must outlive the task. Errors: not_found
/// (the entry), limit (there is no INBOX, or too much is queued), over_quota, io, unavailable.
async::Task<Status> edit_outbox(Caller caller, store::OutboxId id,
                                std::function<void(store::OutboxEntry&)> edit,
                                const OutboxReport* report = nullptr);

/// Changes the account's settings for sending by `edit`, which may run more than once, and returns
/// them as they are now. Errors: those of `edit`, io, unavailable.
async::Task<Result<store::SendingSettings>> edit_sending(
    Caller caller, std::function<Status(store::SendingSettings&)> edit);

}  // namespace posthorn::service
