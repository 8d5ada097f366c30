#pragma once

#include <memory>
#include <vector>

#include "base/number_set.h"
#include "store/format/codec.h"

namespace posthorn::store {

/// A change of the flags of many messages that is not applied to the rows yet. It is stored as a
/// separate record of what it did.
struct FlagChange {
  Seq seq;
  NumberSet uids;
  std::size_t deltas = 0;  ///< Number of different modifications; each row that is read is compared
                           ///< with each of them.
};

/// The location of a mailbox's rows: chunk pages in UID order and, newer than those, one row for
/// each message in `tail` (for an expunged message, a row that says so). To each row, those of
/// `flag_changes` are applied, in ascending order, that name its UID and are above its MODSEQ.
struct MailboxStorage {
  std::vector<ChunkRef> chunks;
  NumberSet tail;
  std::vector<std::shared_ptr<const FlagChange>> flag_changes;  ///< Shared between versions.

  /// Applying one delta makes opening the mailbox slower by about as much as this number of tail
  /// rows.
  static constexpr std::uint32_t kRowsOfDelta = 64;
  /// See Mailbox::tail_rows.
  [[nodiscard]] std::uint32_t tail_rows() const {
    std::size_t rows = tail.count();
    for (const auto& change : flag_changes) rows += change->deltas * kRowsOfDelta;
    return static_cast<std::uint32_t>(rows);
  }
};

}  // namespace posthorn::store
