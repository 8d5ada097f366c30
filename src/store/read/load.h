#pragma once

#include <map>
#include <memory>

#include "base/result.h"
#include "engine/engine.h"
#include "store/format/mailbox_storage.h"
#include "store/value/account_state.h"

/// Reads an account's partition. All functions may block.
namespace posthorn::store {

struct LoadedAccount {
  StatePtr state;  ///< Its mailboxes have no contents yet.
  std::map<MailboxId, Uid> recent;
};
/// Errors: not_found (no such account), corrupt, not_supported, io.
Result<LoadedAccount> load_account(engine::Engine& engine, const PartitionId& id);

struct LoadedContents {
  std::shared_ptr<const Contents> contents;
  std::shared_ptr<const MailboxStorage> storage;
  std::shared_ptr<const KeywordTable> keywords;  ///< Including the keyword sets that messages have.
  MailboxHead head;  ///< The stored head with the counts computed from the rows.
  /// The stored head has different counts, or its UIDNEXT is already in use: it does not match the
  /// rows.
  bool head_differs = false;
};
/// Reads a mailbox's contents. Every message gets at least `floor` as its MODSEQ
/// (store/read/behind.h). Requires: no commit of the account is pending. Errors: corrupt, io: a row
/// cannot be read; load_readable.h then returns the readable part.
Result<LoadedContents> load_contents(engine::Engine& engine, const PartitionId& id,
                                     const Mailbox& mailbox, ModSeq floor);
/// Reads what exists of a mailbox that lost some of its rows. A chunk whose page is missing is left
/// out and added to `gone`; nothing is compared with the head; keywords without a name get one.
Result<LoadedContents> salvage_contents(engine::Engine& engine, const PartitionId& id,
                                        const Mailbox& mailbox, std::vector<ChunkRef>& gone);

/// Calls `row` for each row with the prefix, in key order. Errors: those of the engine and of
/// `row`.
Status for_each_row(engine::Engine& engine, const PartitionId& id, std::string_view prefix,
                    const std::function<Status(const engine::Row&)>& row);

}  // namespace posthorn::store
