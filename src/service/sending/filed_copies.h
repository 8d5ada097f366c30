#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"
#include "store/value/email.h"

/// Keeps a single copy in \Sent of a message that a client both submits and appends.
namespace posthorn::service {

/// Returns the value of FiledCopy::message_id for a message: 0 if it has no valid Message-ID.
std::uint64_t message_id_hash(const store::NewEmail& email);

/// Finds a copy of `fresh` that a submission or a client filed into `mailbox` within `window`. It
/// must have the same body (the end of the last line may differ), a matching header (same_header.h)
/// and no other Message-ID. Reads nothing unless a message was filed within the window. Also
/// returns none if the store fails, because an extra copy is better than no copy.
async::Task<std::optional<store::FiledCopy>> find_filed_copy(store::AccountPtr account,
                                                             MailboxId mailbox,
                                                             const store::NewEmail& fresh,
                                                             store::FiledCopy::By by,
                                                             std::chrono::seconds window);

/// Returns the mailbox for sent mail. A mailbox with the usual name is given the special use; if
/// there is none, it is created. Errors: those of creating a mailbox.
Result<MailboxId> sent_mailbox(store::Change& change);

/// Returns whether the copy is still where it was filed. Requires: the mailbox's contents.
bool is_still_there(const store::AccountState& state, const store::FiledCopy& copy);

/// Records `copy` in `usage`, and removes copies that are older than the window.
void note_filed_copy(store::SendingUsage& usage, const store::FiledCopy& copy,
                     std::chrono::seconds window);

}  // namespace posthorn::service
