#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "async/task.h"
#include "store/account.h"
#include "store/value/email.h"

/// One message in \Sent, though a client submits it and appends it too.
namespace posthorn::service {

/// What FiledCopy::message_id is for a message: 0 when it has no Message-ID that is valid.
std::uint64_t message_id_hash(const store::NewEmail& email);

/// The copy of `fresh` filed into `mailbox` within `window`, by a submission or by a client: one
/// with the same body, but for an end of the last line, with a header that agrees (same_header.h)
/// and with no other Message-ID. Reads nothing unless one was filed within the window. None also
/// when the store cannot say: a copy too many is better than none.
async::Task<std::optional<store::FiledCopy>> find_filed_copy(store::AccountPtr account,
                                                             MailboxId mailbox,
                                                             const store::NewEmail& fresh,
                                                             store::FiledCopy::By by,
                                                             std::chrono::seconds window);

/// Whether the copy is still where it was filed. Requires: the mailbox's contents.
bool is_still_there(const store::AccountState& state, const store::FiledCopy& copy);

/// `usage` with `copy` noted; those older than the window are forgotten.
void note_filed_copy(store::SendingUsage& usage, const store::FiledCopy& copy,
                     std::chrono::seconds window);

}  // namespace posthorn::service
