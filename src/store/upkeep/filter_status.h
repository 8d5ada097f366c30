#pragma once

#include <cstddef>

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"

namespace posthorn::store {

/// What an account's search filters cover. Messages are packed in groups, and filters are made for
/// groups; messages that are not packed yet have none, and are always examined by SEARCH.
struct FilterStatus {
  std::size_t groups = 0;     ///< Groups of packed messages.
  std::size_t covered = 0;    ///< Those whose messages are in a filter that can be used.
  std::size_t filters = 0;    ///< A filter can be of several groups.
  std::size_t unusable = 0;   ///< Filters of another version of the program, or damaged.
  bool attachments = false;   ///< The text of attachments is searched.
  std::size_t extracted = 0;  ///< Groups whose attachments have been read.
  bool complete = false;      ///< Nothing is left to be made, removed or merged.
};

/// Errors: io, corrupt. Thread: any loop's.
async::Task<Result<FilterStatus>> filter_status(AccountPtr account);

/// Has all filters of the account made again in the background, and the text of attachments that
/// they know. Searches find the same meanwhile,
/// by examining all messages. Returns how many filters there were. Errors: as filter_status().
async::Task<Result<std::size_t>> rebuild_filters(AccountPtr account);

}  // namespace posthorn::store
