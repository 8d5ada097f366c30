#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "async/task.h"
#include "base/number_set.h"
#include "base/result.h"
#include "search/sort.h"

namespace posthorn::search {

/// Inserts messages into a list that sort() has sorted by the same keys: returns what sort() would
/// give for all of them together, as UIDs. Reads the keys of the new messages and of a few dozen of
/// the others for each, not of all. Requires: all messages exist in `mailbox`, and `more` has none
/// of `sorted`. Errors: as for sort().
async::Task<Result<std::vector<std::uint32_t>>> sort_into(store::AccountPtr account,
                                                          store::MailboxPtr mailbox,
                                                          std::span<const std::uint32_t> sorted,
                                                          const NumberSet& more, SortOrder order_by,
                                                          WorkLimit& limit);

}  // namespace posthorn::search
