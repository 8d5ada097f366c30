#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "engine/engine.h"
#include "store/format/codec.h"

namespace posthorn::store {

/// A message that a change removed from a mailbox. It may still be in others.
struct RemovedRow {
  MailboxId mailbox;      ///< From which it was removed.
  Seq seq;                ///< The change.
  std::int64_t time = 0;  ///< Of the change, in seconds since 1970.
  StoredRow row;          ///< As it was; keywords are indexes into those of that mailbox.
};

/// Which part of an account's history is to be read, and how much of it is to be kept.
struct RemovalQuery {
  Seq after;  ///< Only later changes.
  Seq last;   ///< Up to this one.
  Seq mark;   ///< Removals after this change are counted on their own.
  std::size_t most = 0;
};

struct RemovalHistory {
  /// In the order in which removals are numbered: the newest `most`, oldest first.
  std::vector<RemovedRow> rows;
  std::uint64_t after_mark = 0;  ///< The number of removals after RemovalQuery::mark.
  std::map<MailboxId, DeletedMailbox> deleted;  ///< The mailboxes deleted by these changes.
  /// The time of the first change, in seconds since 1970; none if there was no change.
  std::optional<std::int64_t> first_time;
  /// The last change whose record cannot be read, if any. Nobody knows how many messages it
  /// removed, so all of the above is of later changes.
  Seq damaged;
};

/// Reads what changes have removed. Requires: the log has all of these changes, which upkeep may
/// change meanwhile, so the horizon must be the same afterwards. Decodes in place, so it must not
/// run on a loop's thread. Errors: those of the engine.
async::Task<Result<RemovalHistory>> read_removal_history(engine::Engine& engine, PartitionId id,
                                                         RemovalQuery query);

}  // namespace posthorn::store
