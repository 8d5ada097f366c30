#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "message/digest/keys_view.h"
#include "search/work_limit.h"
#include "store/account.h"
#include "store/read/email_reader.h"
#include "store/read/unreadable.h"
#include "store/value/members.h"

namespace posthorn::search {

/// What sorting and threading read of one message. The views are valid during a call only.
struct KeyRow {
  std::size_t index;  ///< Among the positions asked for.
  const store::Member& member;
  const message::KeysView& keys;
  std::string_view header;  ///< Empty unless it was asked for.
};

/// Calls `row` with the digest keys of each position, in order, and with the header if `columns`
/// has it. Reads in batches and may block. A message that cannot be read has empty keys and is
/// added to `unreadable` (which may be null). Adds the cost to `work`, and stops when that is over.
void for_each_keys(const store::AccountPtr& account, const store::Mailbox& mailbox,
                   std::span<const std::uint32_t> positions, store::Columns columns, Work& work,
                   const std::function<void(const KeyRow&)>& row,
                   store::Unreadable* unreadable = nullptr);

/// The sent date of RFC 5256 §2.2: the time in the Date field, in UTC, or else INTERNALDATE.
std::int64_t sent_seconds(const store::Member& member, const message::KeysView& keys);

}  // namespace posthorn::search
