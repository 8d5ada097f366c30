#pragma once

#include <map>
#include <memory>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "engine/engine.h"
#include "store/format/mailbox_storage.h"
#include "store/value/account_state.h"
#include "store/value/move_out.h"

namespace posthorn::async {
class OffloadPool;
}

/// Reads an account's partition.
namespace posthorn::store {

struct LoadedAccount {
  StatePtr state;  ///< Its mailboxes have no contents yet.
  std::map<MailboxId, Uid> recent;
  bool foreign = false;  ///< Messages may have the identifiers of other accounts.
  std::vector<MoveOut> moves;
};
/// Decodes what it reads at once, which takes long for an account with thousands of mailboxes, so
/// it must not run on a loop's thread. All of it is of one version. Errors: not_found (no such
/// account), corrupt, not_supported, io; unavailable if others change the account all the time.
async::Task<Result<LoadedAccount>> load_account(engine::Engine& engine, PartitionId id);

struct LoadedContents {
  std::shared_ptr<const Contents> contents;
  std::shared_ptr<const MailboxStorage> storage;
  std::shared_ptr<const KeywordTable> keywords;  ///< Including the keyword sets that messages have.
  MailboxHead head;  ///< The stored head with the counts computed from the rows.
  /// The stored head has different counts, or its UIDNEXT is already in use: it does not match the
  /// rows.
  bool head_differs = false;
};
/// Reads a mailbox's contents: all of its pages in one call of the engine. They are decoded
/// on the pool. Every message gets at least `floor` as its MODSEQ (store/read/behind.h).
/// `mailbox` must outlive the task. Requires: no commit of the account is pending. Errors: corrupt,
/// io: a row cannot be read; load_readable.h then returns the readable part.
async::Task<Result<LoadedContents>> load_contents(engine::Engine& engine, async::OffloadPool& pool,
                                                  PartitionId id, const Mailbox& mailbox,
                                                  ModSeq floor);
/// Reads what exists of a mailbox that lost some of its rows. A chunk whose page is missing is left
/// out and added to `gone`; nothing is compared with the head; keywords without a name get one.
/// Decodes in place, so it must not run on a loop's thread. `mailbox` and `gone` must outlive the
/// task.
async::Task<Result<LoadedContents>> salvage_contents(engine::Engine& engine, PartitionId id,
                                                     const Mailbox& mailbox,
                                                     std::vector<ChunkRef>& gone);

/// Calls `row` for each row with the prefix, in key order. Errors: those of the engine and of
/// `row`.
async::Task<Status> for_each_row(engine::Engine& engine, PartitionId id, std::string prefix,
                                 std::function<Status(const engine::Row&)> row);

}  // namespace posthorn::store
