#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "message/digest/keys_view.h"
#include "search/work_limit.h"
#include "store/account.h"
#include "store/read/unreadable.h"
#include "store/value/members.h"

namespace posthorn::search {

/// Calls `row` with the digest keys of each position, in order. Reads in batches and may block. A
/// message that cannot be read has empty keys and is added to `unreadable` (which may be null). The
/// views are valid during the call only. Adds the cost to `work`, and stops when that is over.
void for_each_keys(const store::AccountPtr& account, const store::Mailbox& mailbox,
                   std::span<const std::uint32_t> positions, Work& work,
                   const std::function<void(std::size_t index, const store::Member&,
                                            const message::KeysView&)>& row,
                   store::Unreadable* unreadable = nullptr);

/// The sent date of RFC 5256 §2.2: the time in the Date field, in UTC, or else INTERNALDATE.
std::int64_t sent_seconds(const store::Member& member, const message::KeysView& keys);

}  // namespace posthorn::search
