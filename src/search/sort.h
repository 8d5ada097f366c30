#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "message/digest/search_key.h"
#include "search/work_limit.h"
#include "store/account.h"
#include "store/read/unreadable.h"

namespace posthorn::search {

/// Orders positions of `mailbox`'s contents by RFC 5256 §3 and RFC 5957: strings by their
/// i;unicode-casemap keys, and where all keys are equal by message number. Off the network threads
/// when messages have to be read. Of a field that is named again only the first place counts: its
/// equals stay equal. One that cannot be read is sorted as if it had no header, and noted in
/// `unreadable` (may be null). `limit` must outlive the task. Errors: as WorkLimit::status().
async::Task<Result<std::vector<std::uint32_t>>> sort(
    store::AccountPtr account, store::MailboxPtr mailbox, std::vector<std::uint32_t> positions,
    std::vector<message::SortKey> keys, WorkLimit& limit, store::Unreadable* unreadable = nullptr);

}  // namespace posthorn::search
