#pragma once

#include <vector>

#include "async/task.h"
#include "store/account.h"
#include "store/value/move_out.h"

namespace posthorn::store {

/// Finishes what a crash left of moves to other accounts: if the target has the messages, they are
/// removed from the source, else they stay there. `account` is the source, and nobody else has it
/// yet. A move that cannot be finished now is finished when the account is opened the next time.
/// Runs on the account's home loop.
async::Task<void> finish_moves(AccountPtr account, std::vector<MoveOut> moves);

}  // namespace posthorn::store
