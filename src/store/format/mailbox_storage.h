#pragma once

#include <memory>
#include <vector>

#include "base/number_set.h"
#include "store/format/codec.h"

namespace posthorn::store {

/// A change of the flags of many messages that is in no row yet: a record of its own says what it
/// did.
struct FlagChange {
  Seq seq;
  NumberSet uids;
  std::size_t deltas = 0;  ///< Different things it did: each row read is compared with each.
};

/// Where a mailbox's rows lie: chunk pages in UID order and, newer than those, one row a message of
/// `tail` (an expunged one's says so). Each is to be changed by those of `flag_changes`, ascending,
/// that name its UID and are above its MODSEQ.
struct MailboxStorage {
  std::vector<ChunkRef> chunks;
  NumberSet tail;
  std::vector<std::shared_ptr<const FlagChange>> flag_changes;  ///< Shared by versions.

  /// Each of their deltas makes opening the mailbox longer by about as much as so many tail rows.
  static constexpr std::uint32_t kRowsOfDelta = 64;
  /// Mailbox::tail_rows.
  [[nodiscard]] std::uint32_t tail_rows() const {
    std::size_t rows = tail.count();
    for (const auto& change : flag_changes) rows += change->deltas * kRowsOfDelta;
    return static_cast<std::uint32_t>(rows);
  }
};

}  // namespace posthorn::store
