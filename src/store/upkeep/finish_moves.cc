#include "store/upkeep/finish_moves.h"

#include "base/log.h"
#include "store/format/keys.h"
#include "store/store.h"

namespace posthorn::store {
namespace {

/// Reads one row of the target's partition. The target itself is not opened, since that would
/// finish its own moves first, which may wait for this account.
async::Task<Result<bool>> has_arrived(const AccountPtr& account, const MoveOut& move) {
  auto row = co_await account->store().engine().get_row(
      move.target, keys::intent(intent_of(account->id(), move.id)));
  if (!row) co_return pass(row);
  // A damaged row is one that was written.
  co_return row->has_value();
}

async::Task<Status> finish(const AccountPtr& account, const MoveOut& move) {
  const auto arrived = co_await has_arrived(account, move);
  if (!arrived) co_return std::unexpected(arrived.error());
  std::vector<MailboxId> needs;
  if (*arrived) needs.push_back(move.source);
  auto done =
      co_await account->change(Actor::upkeep(), std::move(needs), [&](Change& change) -> Status {
        change.end_move(move.id);
        if (!*arrived) return {};
        // Without the mailbox, there is nothing to remove.
        if (!change.state().find(move.source)) return {};
        auto gone = change.expunge(move.source, move.uids);
        return gone ? Status() : pass(gone);
      });
  if (!done) co_return pass(done);
  log::info("account {}: a move of {} messages to account {} that was interrupted is {}",
            to_hex(account->id()), move.uids.count(), to_hex(move.target),
            *arrived ? "finished" : "undone");
  co_return Status();
}

}  // namespace

async::Task<void> finish_moves(AccountPtr account, std::vector<MoveOut> moves) {
  for (const MoveOut& move : moves) {
    const Status done = co_await finish(account, move);
    if (done) continue;
    log::error(
        "account {}: a move of messages to account {} that was interrupted cannot be finished now: "
        "{}",
        to_hex(account->id()), to_hex(move.target), done.error().text);
  }
}

}  // namespace posthorn::store
