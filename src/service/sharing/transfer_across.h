#pragma once

#include "async/task.h"
#include "base/result.h"
#include "service/messages.h"

namespace posthorn::service {

/// The most messages that one command moves or copies between accounts.
inline constexpr std::size_t kMaxTransferAcross = 10'000;

/// Copies or moves messages to a mailbox of another account, where they are stored anew: its quota
/// counts, and its owner keeps them. They keep their EMAILIDs. All are copied or none. A move
/// removes the originals when the copies are durable. If the server is stopped in between, they are
/// removed when it runs again, before anybody sees them (store/value/move_out.h). A message that
/// somebody else moves or removes meanwhile is not moved.
/// Requires: the rights have been judged. Errors: those of transfer(); too_big, corrupt or io (a
/// message that cannot be read).
async::Task<Result<Transferred>> transfer_across(Transfer what);

}  // namespace posthorn::service
