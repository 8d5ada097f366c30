#pragma once

#include <vector>

#include "base/number_set.h"
#include "store/codec.h"

namespace posthorn::store {

/// Where a mailbox's rows lie: chunk pages in UID order and, newer than those, one row a message of
/// `tail` (an expunged one's says so).
struct MailboxStorage {
  std::vector<ChunkRef> chunks;
  NumberSet tail;
};

}  // namespace posthorn::store
