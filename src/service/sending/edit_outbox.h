#pragma once

#include <functional>

#include "async/task.h"
#include "base/ids.h"
#include "base/result.h"
#include "service/mailbox_ref.h"
#include "store/value/email.h"
#include "store/value/outbox.h"
#include "store/value/sending.h"

namespace posthorn::service {

/// Changes an entry of the outbox by `edit`, which gets its current state and may run more than
/// once. The entry is removed when none of its recipients waits any more. `report`, unless it is
/// null, is a delivery report that the same change appends to INBOX; it must outlive the task.
/// Errors: not_found (the entry), limit (there is no INBOX), over_quota, io, unavailable.
async::Task<Status> edit_outbox(Caller caller, store::OutboxId id,
                                std::function<void(store::OutboxEntry&)> edit,
                                const store::NewEmail* report = nullptr);

/// Changes the account's settings for sending by `edit`, which may run more than once, and returns
/// them as they are now. Errors: those of `edit`, io, unavailable.
async::Task<Result<store::SendingSettings>> edit_sending(
    Caller caller, std::function<Status(store::SendingSettings&)> edit);

}  // namespace posthorn::service
