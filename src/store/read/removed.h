#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "engine/engine.h"
#include "store/format/codec.h"

/// What an account's history tells of removed messages, so that they can be brought back.
namespace posthorn::store {

/// The last removal of a message: what it was in the mailbox from which it vanished.
struct Removal {
  MailboxId mailbox;
  std::int64_t time = 0;  ///< Seconds since 1970.
  StoredRow row;
};

struct Removals {
  /// In the order of the removals, oldest first. A message is here once, also if it was moved
  /// before it was removed for good; and it may exist again, or still, elsewhere.
  std::vector<Removal> messages;
  std::map<MailboxId, DeletedMailbox> mailboxes;  ///< Those deleted, also if they were empty.
  Seq content_horizon;  ///< As it was before the rest was read; see read_content_horizon().
};

/// Returns the last change whose removed messages may have lost their content. If it is the same
/// before and after the content of such messages was read, all that was there is there still.
async::Task<Result<Seq>> read_content_horizon(engine::Engine& engine, PartitionId id);

/// More removals than this are an error of kind `limit`.
inline constexpr std::size_t kMaxRemovals = 1'000'000;

/// Reads the removals since a time. Decodes in place, so it must not run on a loop's thread.
/// Errors: limit, corrupt, those of the engine.
async::Task<Result<Removals>> read_removals(engine::Engine& engine, PartitionId id,
                                            std::int64_t since);

}  // namespace posthorn::store
