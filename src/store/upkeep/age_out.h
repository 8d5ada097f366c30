#pragma once

#include <cstdint>
#include <map>
#include <span>

#include "async/task.h"
#include "base/result.h"
#include "store/retention.h"
#include "store/store.h"
#include "store/value/account_state.h"

/// Removing messages that have reached the age at which they expire (store/retention.h).
///
/// No account is opened to find out whether it has some. An account is listed in the system
/// partition under the day on which a message may next fall due: by the change that adds a message,
/// and by the sweep for the oldest message that is left. The list is made of hints, some of which a
/// crash may lose; the account is then listed again when one of its mailboxes with an age gets
/// another message.
namespace posthorn::store {

/// Remembers under which day a mailbox was last listed, so that it is not listed at every change.
using AgeDays = std::map<MailboxId, std::int64_t>;

/// Lists the account if a change has added a message that will expire, or has set an age. `touched`
/// are the mailboxes that changed between the two states.
void note_ages(Store& store, const AccountState& before, const AccountState& after,
               std::span<const MailboxId> touched, AgeDays& noted);

/// Removes what has expired from the accounts that are due, each mailbox in one change that
/// sessions, history and quota see like any other, made by the server. Lists every account once if
/// the operator has set an age, or a shorter one, since the last time. An account that fails is
/// logged, and tried again on the next day. Errors: io, corrupt, unavailable.
async::Task<Status> expire_by_age(Store& store);

}  // namespace posthorn::store
