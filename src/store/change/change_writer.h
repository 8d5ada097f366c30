#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "store/change/change.h"

namespace posthorn::store {

/// A change ready for the engine: the commit, and the state that results from it.
struct PreparedChange {
  engine::Commit commit;
  StatePtr next;
  std::vector<MailboxId> touched;
  std::vector<std::pair<Ordinal, std::shared_ptr<const EmailRecord>>> emails;
  bool names_changed = false;  ///< A subscription or an annotation; touched mailboxes say the rest.
  bool foreign = false;        ///< A message was stored that came from another account.
  bool outbox_changed = false;      ///< An entry was queued, updated or dropped.
  std::uint64_t stored_octets = 0;  ///< Of the messages that were stored.
  std::uint64_t ahead_octets = 0;   ///< Of their pieces that had been written ahead.
};

class ChangeWriting;
class PageNumbers;

/// Converts a computed Change into rows, pages and holds. Does no I/O.
class ChangeWriter {
 public:
  static bool is_empty(const Change& change);
  /// Requires: the change is not empty. The change cannot be used afterwards. If `numbers` has none
  /// left, some pages have the number 0 (lacks_numbers()).
  static PreparedChange write(Change& change, const PartitionId& partition, PageNumbers& numbers);

 private:
  static void write_sending(Change& change, ChangeWriting& writing);
};

/// Returns true if a page of the commit has no number. Then the commit must not be used; it has to
/// be prepared again after PageNumbers::prepare().
[[nodiscard]] bool lacks_numbers(const engine::Commit& commit);

}  // namespace posthorn::store
