#pragma once

#include <optional>
#include <vector>

#include "async/task.h"
#include "engine/engine.h"
#include "engine/rados/ceph/connection.h"

/// Pieces. A piece is two objects: `b`, its bytes, and `h`, its holders, whose version is the
/// piece's. A hold writes `h` first, then `b`, which it writes anew or moves to another version.
/// The sweeper looks at `b` first, then at `h`, and removes them in that order, each at the version
/// that it saw. So if a hold comes at any moment in between, either one of the removals fails, or
/// the hold writes the bytes anew. Errors: unavailable, io, corrupt.
namespace posthorn::engine::rados {

async::Task<Result<bool>> piece_exists(Connection& connection, PieceName name);
/// The piece must live until the task has ended. Errors: not_found besides, if there are no bytes
/// to write; the partition may remain a holder then.
async::Task<Status> hold_piece(Connection& connection, const PieceHold& piece, PartitionId holder);
async::Task<Status> unhold_piece(Connection& connection, PieceName name, PartitionId holder,
                                 std::int64_t not_after);
async::Task<Result<std::optional<PieceInfo>>> inspect_piece(Connection& connection, PieceName name);
async::Task<Result<bool>> erase_piece(Connection& connection, PieceName name,
                                      std::uint64_t version);

// --- candidates ----------------------------------------------------------------------------------

/// `made`: now, seconds since 1970. All candidates have the same holder.
async::Task<Status> add_candidates(Connection& connection, CandidateKind kind,
                                   std::vector<Candidate> candidates, std::int64_t made);
/// Removes candidates, whatever their stamps.
async::Task<Status> remove_candidates(Connection& connection, CandidateKind kind,
                                      PartitionId holder, std::vector<PieceName> pieces);
/// Removes a candidate of either kind if it has this stamp.
async::Task<Status> clear_candidate(Connection& connection, Candidate candidate);
/// `now`: seconds since 1970; passing candidates are given once they are an hour old.
async::Task<Result<std::vector<Candidate>>> list_candidates(Connection& connection,
                                                            std::optional<Candidate> after,
                                                            std::size_t limit, std::int64_t now);

}  // namespace posthorn::engine::rados
