#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"
#include "store/value/email.h"

/// One message in \Sent, though a client submits it and appends it too.
namespace posthorn::service {

/// Whether a message in the store is the one just taken in: the same octets, apart from Bcc, the
/// fields that transport adds, and those in which clients keep notes of their own. Errors: corrupt,
/// io.
async::Task<Result<bool>> is_same_message(store::AccountPtr account, Ordinal stored,
                                          const store::NewEmail& fresh);

/// The copy of `fresh` filed into `mailbox` within `window`, by a submission or by a client. Reads
/// nothing unless one of the same Message-ID was. None also when the store cannot say: a copy too
/// many is better than none.
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
