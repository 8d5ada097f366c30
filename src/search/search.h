#pragma once

#include <cstdint>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "search/search_program.h"
#include "search/work_limit.h"
#include "store/account.h"
#include "store/read/unreadable.h"

namespace posthorn::search {

/// Positions in `mailbox`'s contents, ascending, of the messages the program matches; only UIDs up
/// to `last` are looked at (what the session was told). What has to read messages, or looks at very
/// many, leaves the network threads. A message that has to be read and cannot be is not among them:
/// it is in `unreadable`, as it is not known whether it matches. `limit` must outlive the task.
/// Errors: as WorkLimit::status().
struct SearchResult {
  std::vector<std::uint32_t> positions;
  store::Unreadable unreadable;
};
async::Task<Result<SearchResult>> search(store::AccountPtr account, store::MailboxPtr mailbox,
                                         const SearchProgram& program, Uid last, WorkLimit& limit);

}  // namespace posthorn::search
