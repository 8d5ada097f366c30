#pragma once

#include <cstdint>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "search/search_program.h"
#include "search/work_limit.h"
#include "store/account.h"
#include "store/read/unreadable.h"
#include "store/value/flags_view.h"

namespace posthorn::search {

/// The result of search().
struct SearchResult {
  std::vector<std::uint32_t> positions;
  store::Unreadable unreadable;
};
/// Returns the positions in the contents of `mailbox`, ascending, of the messages that match the
/// program; `flags` shows them as the one who searches sees them. Only UIDs up to `last` are
/// examined (those the session was told of). A search that reads messages, or examines very many,
/// runs outside the network threads. If a message must be read and cannot be, it is not known
/// whether it matches: it is reported in `unreadable` instead. `limit` must outlive the task.
/// Errors: as WorkLimit::status().
async::Task<Result<SearchResult>> search(store::AccountPtr account, store::MailboxPtr mailbox,
                                         store::FlagsView flags, const SearchProgram& program,
                                         Uid last, WorkLimit& limit);

}  // namespace posthorn::search
