#pragma once

#include <rocksdb/write_batch.h>

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "engine/rocksdb/database.h"
#include "engine/rocksdb/layout.h"
#include "engine/rocksdb/recent.h"

namespace posthorn::engine::rocks {

/// Work that will be written at once: several commits, chained where they are of one partition,
/// with their pages, pieces and holders. It knows what it has already taken in, so that each next
/// one is judged as if the ones before it were written. One thread only: the committer's.
class Batch {
 public:
  struct Moved {
    PartitionId partition;
    Seq tail;
  };

  /// Requires: empty. The database stays until `write` or `drop`.
  void begin(Database& database);

  /// The tail after it. Errors: conflict, too_big; io, corrupt when the tail cannot be read.
  ///
  /// A piece whose state cannot be read (a damaged block) is written anew, as one that is not there
  /// would be: a name stands for its bytes, so that is always right. It gets a version no sweeper
  /// has seen, and is never erased while a holder of it cannot be read.
  Result<Seq> add(const Commit& commit);
  /// A piece written ahead: held, and a candidate. Errors: as add.
  Status add_ahead(const PieceHold& hold, const PartitionId& holder);
  void add_hint(const PartitionId& partition, const std::vector<Edit>& edits);

  [[nodiscard]] bool empty() const { return batch_.Count() == 0 && tails_.empty(); }
  [[nodiscard]] std::size_t bytes() const { return batch_.GetDataSize(); }
  /// Has to be written before anything more is added.
  [[nodiscard]] bool spoiled() const { return spoiled_; }

  enum class Sync : std::uint8_t { no, yes };
  /// Writes everything and leaves the batch empty. Answers which tails moved, once each.
  Result<std::vector<Moved>> write(Sync sync);
  /// Forgets everything taken in and everything remembered of the database.
  void drop();

  /// As the partition's next commit would find it.
  Result<Seq> tail_of(const PartitionId& partition);

  /// The sweeper's: on an empty batch, written at once and unsynced.
  Status unhold(const PieceName& name, const PartitionId& holder, std::int64_t not_after);
  Result<bool> erase(const PieceName& name, std::uint64_t version);
  Status clear_candidate(const Candidate& candidate);

 private:
  struct Tail {
    Seq seq;
    bool stored = false;
  };
  struct PendingTail {
    Tail tail;
    Seq before;
  };

  Status add_hold(const PieceHold& hold, const PartitionId& holder);
  void put_candidate(const PartitionId& holder, const PieceName& piece, std::int64_t stamp);
  Result<Tail> find_tail(const PartitionId& partition);
  Result<std::optional<PieceState>> find_piece(const PieceName& name);
  Result<std::optional<PieceState>> find_piece_to_hold(const PieceHold& hold);
  Result<std::optional<std::int64_t>> find_stamp(const std::string& holder_key);
  void put_edits(const PartitionId& partition, const std::vector<Edit>& edits);
  std::uint64_t next_version(std::uint64_t old);
  void put_state(const PieceName& name, const PieceState& state);
  Status write_now();
  void remember();

  Database* database_ = nullptr;
  ::rocksdb::WriteBatch batch_;
  std::string scratch_;
  bool spoiled_ = false;
  std::uint64_t last_version_ = 0;
  // Taken in, not written yet.
  std::unordered_map<PartitionId, PendingTail> tails_;
  std::unordered_map<PieceName, PieceState> pieces_;
  std::unordered_map<std::string, std::int64_t> stamps_;
  // As stored. The committer alone writes these records, so what it remembers is true.
  Recent<PartitionId, Tail> recent_tails_{1UL << 15};
  Recent<PieceName, PieceState> recent_pieces_{1UL << 15};
};

}  // namespace posthorn::engine::rocks
