#pragma once

#include <map>
#include <memory>

#include "base/result.h"
#include "engine/engine.h"
#include "store/format/mailbox_storage.h"
#include "store/value/account_state.h"

/// Reading an account's partition. All of it may block.
namespace posthorn::store {

struct LoadedAccount {
  StatePtr state;  ///< No mailbox has contents.
  std::map<MailboxId, Uid> recent;
};
/// Errors: not_found (no such account), corrupt, not_supported, io.
Result<LoadedAccount> load_account(engine::Engine& engine, const PartitionId& id);

struct LoadedContents {
  std::shared_ptr<const Contents> contents;
  std::shared_ptr<const MailboxStorage> storage;
  std::shared_ptr<const KeywordTable> keywords;  ///< With the sets that messages have.
  MailboxHead head;                              ///< As stored, with the counts of the rows.
  /// The stored head has other counts, or an UIDNEXT that was given out: the rows do not match it.
  bool head_differs = false;
};
/// No message gets a MODSEQ below `floor` (store/read/behind.h). Requires: no commit of the account
/// is under way. Errors: corrupt, io: a row cannot be read. Then load_readable.h gives what can be.
Result<LoadedContents> load_contents(engine::Engine& engine, const PartitionId& id,
                                     const Mailbox& mailbox, ModSeq floor);
/// Of a mailbox that lost some of its rows: what is there. A chunk whose page is gone is left out
/// and added to `gone`; nothing is compared with the head; keywords without a name get one.
Result<LoadedContents> salvage_contents(engine::Engine& engine, const PartitionId& id,
                                        const Mailbox& mailbox, std::vector<ChunkRef>& gone);

/// Calls `row` for each row with the prefix, in order. Errors: those of the engine and of `row`.
Status for_each_row(engine::Engine& engine, const PartitionId& id, std::string_view prefix,
                    const std::function<Status(const engine::Row&)>& row);

}  // namespace posthorn::store
