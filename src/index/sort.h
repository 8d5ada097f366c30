#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "async/task.h"
#include "message/search_key.h"
#include "store/account.h"

namespace posthorn::index {

/// Orders positions of `mailbox`'s contents by RFC 5256 §3 and RFC 5957: strings by their
/// i;unicode-casemap keys, and where all keys are equal by message number. Off the network threads
/// when messages have to be read.
async::Task<std::vector<std::uint32_t>> sort(store::AccountPtr account, store::MailboxPtr mailbox,
                                             std::vector<std::uint32_t> positions,
                                             std::vector<message::SortKey> keys);

}  // namespace posthorn::index
