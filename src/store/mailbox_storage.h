#pragma once

#include <vector>

#include "base/number_set.h"
#include "store/codec.h"

namespace posthorn::store {

/// A change of the flags of many messages that is in no row yet: a record of its own says what it
/// did.
struct FlagChange {
  Seq seq;
  NumberSet uids;
};

/// Where a mailbox's rows lie: chunk pages in UID order and, newer than those, one row a message of
/// `tail` (an expunged one's says so). Each is to be changed by those of `flag_changes`, ascending,
/// that name its UID and are above its MODSEQ.
struct MailboxStorage {
  std::vector<ChunkRef> chunks;
  NumberSet tail;
  std::vector<FlagChange> flag_changes;

  /// A flag change makes opening the mailbox longer by about as much as so many tail rows.
  static constexpr std::uint32_t kRowsOfFlagChange = 64;
  /// Mailbox::tail_rows.
  [[nodiscard]] std::uint32_t tail_rows() const {
    return static_cast<std::uint32_t>(tail.count() + flag_changes.size() * kRowsOfFlagChange);
  }
};

}  // namespace posthorn::store
