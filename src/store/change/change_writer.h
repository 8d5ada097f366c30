#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "store/change/change.h"

namespace posthorn::store {

/// A change ready for the engine: what to commit, and the state it makes.
struct PreparedChange {
  engine::Commit commit;
  StatePtr next;
  std::vector<MailboxId> touched;
  std::vector<std::pair<Ordinal, std::shared_ptr<const EmailRecord>>> emails;
  bool outbox_changed = false;  ///< An entry was queued, updated or dropped.
};

class ChangeWriting;

/// Turns a computed Change into rows, pages and holds. No I/O.
class ChangeWriter {
 public:
  static bool is_empty(const Change& change);
  /// Requires: not empty. The change is spent.
  static PreparedChange write(Change& change, const PartitionId& partition);

 private:
  static void write_sending(Change& change, ChangeWriting& writing);
};

}  // namespace posthorn::store
