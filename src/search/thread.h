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

namespace posthorn::search {

/// A message and how deep below the first of its thread it stands.
struct ThreadNode {
  /// None: stands for a message that is not among those threaded; it has two children at least
  /// (RFC 5256 §4).
  std::optional<std::uint32_t> position;
  std::uint32_t depth = 0;
};
/// Messages and their replies, each before its replies, siblings oldest first. One array, as a
/// thread may be as deep as the mailbox is long.
using ThreadForest = std::vector<ThreadNode>;

/// RFC 5256 §3, of positions in ascending order. Off the network threads. A message that cannot be
/// read is threaded as if it had no header, and noted in `unreadable` (may be null). `limit` must
/// outlive the task. Errors: as WorkLimit::status().
async::Task<Result<ThreadForest>> thread(store::AccountPtr account, store::MailboxPtr mailbox,
                                         std::vector<std::uint32_t> positions,
                                         message::ThreadAlgorithm algorithm, WorkLimit& limit,
                                         store::Unreadable* unreadable = nullptr);

}  // namespace posthorn::search
