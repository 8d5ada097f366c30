#pragma once

#include <span>

#include "async/task.h"
#include "engine/engine.h"
#include "engine/rados/ceph/connection.h"

/// What a commit brings besides its rows: pages, pieces and candidates. It is written before the
/// commit, and what follows from it is done after the commit has taken effect. Whatever is left
/// undone in between is found by the sweep.
namespace posthorn::engine::rados {

[[nodiscard]] bool carries(const Carry& carry);

/// Writes what a commit carries. Pieces that it holds without bytes are looked for first, so that a
/// commit that fails for one that is gone leaves nothing behind. The commit must live until the
/// task has ended. Errors: not_found (of a piece), unavailable, io.
async::Task<Status> write_carry(Connection& connection, const Commit& commit);

/// Removes the pages of a commit that will never take effect. Its pieces are candidates.
async::Task<void> drop_carry(Connection& connection, PartitionId partition, const Commit& commit);

/// What is to be done for commits that took effect.
struct CarryCleanUp {
  /// Before anybody is told of them: dropped pages, and candidates that are in use now.
  std::vector<PageNumber> dropped;
  std::vector<PieceName> used;
  /// At any time: the candidates that stood for pieces until the commit.
  std::vector<PieceName> passing;

  /// `commits` in the order in which they took effect.
  static CarryCleanUp after(std::span<const Commit* const> commits);
};
/// Does all but `passing`.
async::Task<void> clean_up(Connection& connection, PartitionId partition, CarryCleanUp work);
/// Does `passing`.
async::Task<void> forget_passing(Connection& connection, PartitionId holder,
                                 std::vector<PieceName> pieces);

}  // namespace posthorn::engine::rados
