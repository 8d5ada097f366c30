#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace posthorn::engine {

/// What was brought out of a damaged store.
struct Salvaged {
  /// Partitions: first <= id <= last.
  struct Range {
    PartitionId first;
    PartitionId last;
  };

  std::uint64_t rows = 0;
  std::uint64_t pages = 0;
  std::uint64_t pieces = 0;
  /// What could not be read, one sentence each.
  std::vector<std::string> losses;
  /// What the operator should know besides, though nothing may be lost.
  std::vector<std::string> notes;
  /// Some rows of these partitions may be missing, or in an earlier state.
  std::vector<Range> rows_lost;
  /// It may not be known of some pieces who holds them, although somebody does.
  bool holders_lost = false;
};

/// Reads everything that can still be read of the store in `from`, whatever of it is damaged or
/// missing, and makes a new store of it in `into`, which is created. Each table, blob file and log
/// is read by itself; of every key the newest version that can be read is taken, unless the key was
/// removed after that. `from` is only read. Needs as much room as the store has, and memory for the
/// logs and for the lists of blocks of the tables.
///
/// The rows in the new store may be of different moments, so it is declared older than what its
/// clients have seen (Engine::epoch), and the layers above have to mend what does not fit together.
/// Errors: not_found (no files of a store), unavailable (a process has the store open),
/// already_exists (there is something in `into`), io (also of a file that is there but must not be
/// opened, since nothing is left out that could be had), not_supported.
Result<Salvaged> salvage_rocksdb(const std::string& from, const std::string& into);

}  // namespace posthorn::engine
