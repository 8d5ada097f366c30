#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "message/digest/search_key.h"
#include "search/work_limit.h"
#include "store/account.h"
#include "store/read/unreadable.h"
#include "text/collation.h"

namespace posthorn::search {

/// A message and its depth below the first message of its thread.
struct ThreadNode {
  /// None for a dummy: a message that is not among those threaded. A dummy has at least two
  /// children (RFC 5256 §4).
  std::optional<std::uint32_t> position;
  std::uint32_t depth = 0;
};
/// Messages in pre-order: each before its replies, siblings oldest first. This is a flat array,
/// because a thread may be as deep as the mailbox is long.
using ThreadForest = std::vector<ThreadNode>;

/// Threads messages as in RFC 5256 §3, or by REFS (thread_input.h). `positions` are in ascending
/// order. Runs outside the network threads. A message that cannot be read is threaded as if it had
/// no header, and is added to `unreadable` (which may be null). `limit` must outlive the task.
/// Errors: as WorkLimit::status().
async::Task<Result<ThreadForest>> thread(store::AccountPtr account, store::MailboxPtr mailbox,
                                         std::vector<std::uint32_t> positions,
                                         message::ThreadAlgorithm algorithm, WorkLimit& limit,
                                         store::Unreadable* unreadable = nullptr,
                                         text::Collation collation = text::kDefaultCollation);

}  // namespace posthorn::search
