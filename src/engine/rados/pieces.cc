#include "engine/rados/pieces.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "engine/limits.h"
#include "engine/rados/reads.h"

namespace posthorn::engine::rados {
namespace {

constexpr const char* kStampAttribute = "s";
/// What is tried again because somebody else was faster.
constexpr int kAttempts = 100;

std::unexpected<Error> failed(int code, std::string_view object) {
  return std::unexpected(error_of(code, fmt::format("using '{}'", object)));
}

std::unexpected<Error> too_contended(std::string_view object) {
  return fail(ErrorKind::unavailable, "a piece is used by too many at once",
              fmt::format("Ceph: object '{}'", object));
}

/// The value of a holder's row; empty if there is none.
async::Task<Result<std::string>> read_holder(Connection& connection, std::string object,
                                             std::string row) {
  ReadOp op;
  op.rows({row});
  const Answer answer = co_await connection.read(Pool::rows, object, op);
  if (answer.code == -ENOENT) co_return std::string();
  if (answer.code < 0) co_return failed(answer.code, object);
  auto rows = op.take_rows();
  co_return rows.empty() ? std::string() : std::move(rows.front().value);
}

async::Task<Status> hold_holder(Connection& connection, PieceName name, PartitionId holder,
                                std::int64_t stamp) {
  const std::string object = holders_object(name);
  const std::string row = holder_row(holder);
  std::string known;  // Most often the holder is new.
  for (int i = 0; i < kAttempts; ++i) {
    std::int64_t latest = stamp;
    if (!known.empty()) {
      const auto before = parse_stamp(known);
      if (!before) co_return std::unexpected(before.error());
      latest = std::max(latest, *before);
    }
    WriteOp op;
    op.create(false).compare_row(row, known).set_row(row, encode_stamp(latest));
    const Answer answer = co_await connection.write(Pool::rows, object, std::move(op));
    if (answer.code == 0) co_return Status();
    if (answer.code != -ECANCELED) co_return failed(answer.code, object);
    auto now = co_await read_holder(connection, object, row);
    if (!now) co_return pass(now);
    known = std::move(*now);
  }
  co_return too_contended(object);
}

async::Task<Status> hold_bytes(Connection& connection, const PieceHold& piece) {
  // Sending the bytes in vain costs more than asking, if they are large.
  constexpr std::size_t kSmall = 64UL * 1024;
  const std::string object = piece_object(piece.name);
  bool expect_it = piece.bytes.size() > kSmall || piece.bytes.empty();
  for (int i = 0; i < kAttempts; ++i) {
    WriteOp op;
    if (expect_it) {
      op.assert_exists();
    } else {
      op.create(true).write_full(piece.bytes);
    }
    op.set_attribute(kStampAttribute, encode_stamp(piece.stamp));
    const Answer answer = co_await connection.write(Pool::blobs, object, std::move(op));
    if (answer.code == 0) co_return Status();
    if (answer.code == -ENOENT && expect_it) {
      if (Status ok = check_writable(piece); !ok) co_return ok;
    } else if (answer.code != -EEXIST || expect_it) {
      co_return failed(answer.code, object);
    }
    expect_it = !expect_it;
  }
  co_return too_contended(object);
}

/// The size and version of an object; none if it does not exist.
struct Stat {
  std::uint64_t size = 0;
  std::uint64_t version = 0;
};
async::Task<Result<std::optional<Stat>>> stat(Connection& connection, Pool pool,
                                              std::string object) {
  ReadOp op;
  op.stat();
  const Answer answer = co_await connection.read(pool, object, op);
  if (answer.code == -ENOENT) co_return std::nullopt;
  if (answer.code < 0) co_return failed(answer.code, object);
  co_return Stat{op.size(), answer.version};
}

/// Returns false if the object is gone or has another version.
async::Task<Result<bool>> remove_at(Connection& connection, Pool pool, std::string object,
                                    std::uint64_t version) {
  WriteOp op;
  op.assert_version(version).remove();
  const Answer answer = co_await connection.write(pool, object, std::move(op));
  if (answer.code == 0) co_return true;
  if (answer.code == -ENOENT || answer.code == -ERANGE || answer.code == -EOVERFLOW)
    co_return false;
  co_return failed(answer.code, object);
}

/// All holders at one version; none if the object does not exist.
struct Holders {
  std::uint64_t version = 0;
  std::vector<Holder> list;
};
async::Task<Result<std::optional<Holders>>> read_holders(Connection& connection, PieceName name) {
  constexpr std::size_t kAtOnce = 1024;
  const std::string object = holders_object(name);
  for (int i = 0; i < kAttempts; ++i) {
    Holders holders;
    std::string after;
    for (bool begun = false;; begun = true) {
      ReadOp op;
      op.range(after, "", kAtOnce);
      const Answer answer = co_await connection.read(Pool::rows, object, op);
      if (answer.code == -ENOENT) co_return std::nullopt;
      if (answer.code < 0) co_return failed(answer.code, object);
      if (begun && answer.version != holders.version) break;
      holders.version = answer.version;
      for (const Row& row : op.take_range()) {
        const auto holder = parse_holder(row.key, row.value);
        if (!holder) co_return std::unexpected(holder.error());
        holders.list.push_back(*holder);
        after = row.key;
      }
      if (!op.has_more()) co_return holders;
    }
  }
  co_return too_contended(object);
}

}  // namespace

async::Task<Result<bool>> piece_exists(Connection& connection, PieceName name) {
  const auto found = co_await stat(connection, Pool::blobs, piece_object(name));
  if (!found) co_return std::unexpected(found.error());
  co_return found->has_value();
}

async::Task<Status> hold_piece(Connection& connection, const PieceHold& piece, PartitionId holder) {
  if (Status held = co_await hold_holder(connection, piece.name, holder, piece.stamp); !held)
    co_return held;
  co_return co_await hold_bytes(connection, piece);
}

async::Task<Status> unhold_piece(Connection& connection, PieceName name, PartitionId holder,
                                 std::int64_t not_after) {
  const std::string object = holders_object(name);
  const std::string row = holder_row(holder);
  for (int i = 0; i < kAttempts; ++i) {
    auto known = co_await read_holder(connection, object, row);
    if (!known) co_return pass(known);
    if (known->empty()) co_return Status();
    const auto stamp = parse_stamp(*known);
    if (!stamp) co_return std::unexpected(stamp.error());
    if (*stamp > not_after) co_return Status();
    WriteOp op;
    op.assert_exists().compare_row(row, *known).remove_rows({row});
    const Answer answer = co_await connection.write(Pool::rows, object, std::move(op));
    if (answer.code == 0 || answer.code == -ENOENT) co_return Status();
    if (answer.code != -ECANCELED) co_return failed(answer.code, object);
  }
  co_return too_contended(object);
}

async::Task<Result<std::optional<PieceInfo>>> inspect_piece(Connection& connection,
                                                            PieceName name) {
  const auto bytes = co_await stat(connection, Pool::blobs, piece_object(name));
  if (!bytes) co_return std::unexpected(bytes.error());
  const auto holders = co_await read_holders(connection, name);
  if (!holders) co_return std::unexpected(holders.error());
  if (!*bytes) {
    // What is left of a piece if the sweeper ended between its two removals.
    if (*holders && (*holders)->list.empty()) {
      const auto gone =
          co_await remove_at(connection, Pool::rows, holders_object(name), (*holders)->version);
      if (!gone) co_return std::unexpected(gone.error());
    }
    co_return std::nullopt;
  }
  PieceInfo info{name, 0, (*bytes)->size, {}};
  if (*holders) {
    info.version = (*holders)->version;
    info.holders = (*holders)->list;
  }
  co_return info;
}

async::Task<Result<bool>> erase_piece(Connection& connection, PieceName name,
                                      std::uint64_t version) {
  const auto bytes = co_await stat(connection, Pool::blobs, piece_object(name));
  if (!bytes) co_return std::unexpected(bytes.error());
  if (!*bytes) co_return false;
  const auto holders = co_await read_holders(connection, name);
  if (!holders) co_return std::unexpected(holders.error());
  const std::uint64_t now = *holders ? (*holders)->version : 0;
  if (now != version || (*holders && !(*holders)->list.empty())) co_return false;
  auto gone = co_await remove_at(connection, Pool::blobs, piece_object(name), (*bytes)->version);
  if (!gone || !*gone || !*holders) co_return gone;
  // If this fails, a hold came, which has written the bytes anew, or will.
  auto let_go = co_await remove_at(connection, Pool::rows, holders_object(name), version);
  if (!let_go) co_return pass(let_go);
  co_return true;
}

// --- candidates ----------------------------------------------------------------------------------

async::Task<Status> add_candidates(Connection& connection, CandidateKind kind,
                                   std::vector<Candidate> candidates, std::int64_t made) {
  if (candidates.empty()) co_return Status();
  std::vector<Row> rows;
  for (const Candidate& candidate : candidates)
    rows.push_back({candidate_row(kind, candidate.holder, candidate.piece),
                    encode_candidate({candidate.stamp, made})});
  const std::string object = candidate_object(candidate_shard(candidates.front().holder));
  WriteOp op;
  op.set_rows(rows);
  // Whoever removes mail adds candidates.
  const Answer answer =
      co_await connection.write(Pool::rows, object, std::move(op), Room::take_reserve);
  if (answer.code < 0) co_return failed(answer.code, object);
  co_return Status();
}

async::Task<Status> remove_candidates(Connection& connection, CandidateKind kind,
                                      PartitionId holder, std::vector<PieceName> pieces) {
  if (pieces.empty()) co_return Status();
  std::vector<std::string> rows;
  for (const PieceName& piece : pieces) rows.push_back(candidate_row(kind, holder, piece));
  const std::string object = candidate_object(candidate_shard(holder));
  WriteOp op;
  op.assert_exists().remove_rows(rows);
  const Answer answer = co_await connection.write(Pool::rows, object, std::move(op));
  if (answer.code < 0 && answer.code != -ENOENT) co_return failed(answer.code, object);
  co_return Status();
}

async::Task<Status> clear_candidate(Connection& connection, Candidate candidate) {
  const std::string object = candidate_object(candidate_shard(candidate.holder));
  for (const CandidateKind kind : {CandidateKind::kept, CandidateKind::passing}) {
    const std::string row = candidate_row(kind, candidate.holder, candidate.piece);
    for (int i = 0; i < kAttempts; ++i) {
      auto known = co_await read_holder(connection, object, row);
      if (!known) co_return pass(known);
      if (known->empty()) break;
      const auto found = parse_candidate(row, *known);
      if (found && found->first.stamp != candidate.stamp) break;
      WriteOp op;
      op.assert_exists().compare_row(row, *known).remove_rows({row});
      const Answer answer = co_await connection.write(Pool::rows, object, std::move(op));
      if (answer.code == 0 || answer.code == -ENOENT) break;
      if (answer.code != -ECANCELED) co_return failed(answer.code, object);
    }
  }
  co_return Status();
}

namespace {

async::Task<Status> list_shard(Connection& connection, std::size_t shard, CandidateKind kind,
                               std::string after, std::size_t limit, std::int64_t now,
                               std::vector<Candidate>& found) {
  constexpr std::int64_t kPassingSeconds = 3600;
  constexpr std::size_t kAtOnce = 1024;
  for (std::size_t count = 0; count < limit;) {
    const auto rows = co_await list_rows(connection, candidate_object(shard), after,
                                         std::string(prefix_of(kind)), kAtOnce);
    if (!rows) co_return std::unexpected(rows.error());
    for (const Row& row : *rows) {
      const auto candidate = parse_candidate(row.key, row.value);
      if (!candidate) co_return std::unexpected(candidate.error());
      if (kind == CandidateKind::passing && candidate->second.made + kPassingSeconds > now)
        continue;
      found.push_back(candidate->first);
      ++count;
    }
    if (rows->size() < kAtOnce) break;
    after = rows->back().key;
  }
  co_return Status();
}

}  // namespace

async::Task<Result<std::vector<Candidate>>> list_candidates(Connection& connection,
                                                            std::optional<Candidate> after,
                                                            std::size_t limit, std::int64_t now) {
  std::vector<Candidate> found;
  const std::size_t first = after ? candidate_shard(after->holder) : 0;
  for (std::size_t shard = first; shard < kCandidateShards && found.size() < limit; ++shard) {
    std::vector<Candidate> here;
    for (const CandidateKind kind : {CandidateKind::kept, CandidateKind::passing}) {
      std::string from(prefix_of(kind));
      if (after && shard == first) from = candidate_row(kind, after->holder, after->piece);
      if (Status listed = co_await list_shard(connection, shard, kind, from, limit, now, here);
          !listed)
        co_return pass(listed);
    }
    // One that is there in both ways is taken as kept.
    std::map<std::pair<PartitionId, PieceName>, Candidate> in_order;
    for (const Candidate& candidate : here)
      in_order.try_emplace({candidate.holder, candidate.piece}, candidate);
    for (const auto& [place, candidate] : in_order)
      if (found.size() < limit) found.push_back(candidate);
  }
  co_return found;
}

}  // namespace posthorn::engine::rados
