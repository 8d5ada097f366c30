#pragma once

#include <optional>
#include <vector>

#include "async/task.h"
#include "engine/engine.h"
#include "engine/rados/ceph/connection.h"
#include "engine/rados/layout.h"

namespace posthorn::engine::rados {

struct Written {
  /// Errors: conflict (it never took effect, and never will), unavailable and others (refused by
  /// Ceph: the same), io (nobody knows).
  Status outcome;
  /// The newest header that was seen; none if it could not be read.
  std::optional<Header> header;
};

/// Writes the rows of commits that follow each other, as one operation on the partition's object
/// that is guarded by `from`, its header. Ceph performs it whole or not at all, and not at all if
/// anybody else has committed since that header was read.
///
/// If it is not known what has become of the write, the header says: each has the random numbers of
/// the last commits. If the write may still be under way, its place is taken: another write of the
/// header alone, guarded by the same header, whose success means that the first one never will.
///
/// Commits with new mail, of which there are either all or none in a batch, are refused by a
/// cluster that is full, even if they consist of rows alone; others are not.
///
/// The commits, at most Header::kIds, must live until the task has ended.
async::Task<Written> write_guarded(Connection& connection, PartitionId partition,
                                   std::vector<const Commit*> commits, Header from);

/// Adds edits to a write. The last edit of a key counts.
void add_edits(WriteOp& op, const std::vector<const Edit*>& edits, std::vector<Row> rows);

}  // namespace posthorn::engine::rados
