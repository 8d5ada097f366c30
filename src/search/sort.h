#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "message/digest/search_key.h"
#include "search/work_limit.h"
#include "store/account.h"
#include "store/read/unreadable.h"
#include "text/collation.h"

namespace posthorn::search {

/// What SORT orders by, and how it compares texts (RFC 5255 §4.2).
struct SortOrder {
  // NOLINTNEXTLINE(google-explicit-constructor)
  SortOrder(std::vector<message::SortKey> by, text::Collation how = text::kDefaultCollation)
      : keys(std::move(by)), collation(how) {}
  std::vector<message::SortKey> keys;
  text::Collation collation;
};

/// Sorts positions in the contents of `mailbox` as RFC 5256 §3 and RFC 5957 say: strings by their
/// keys of the collation, and messages whose keys are all equal by message number. Runs outside
/// the network threads if messages must be read. If a field is named more than once, only its first
/// occurrence has an effect. A message that cannot be read is sorted as if it had no header, and is
/// added to `unreadable` (which may be null). `limit` must outlive the task. Errors: as
/// WorkLimit::status().
async::Task<Result<std::vector<std::uint32_t>>> sort(store::AccountPtr account,
                                                     store::MailboxPtr mailbox,
                                                     std::vector<std::uint32_t> positions,
                                                     SortOrder order_by, WorkLimit& limit,
                                                     store::Unreadable* unreadable = nullptr);

}  // namespace posthorn::search
