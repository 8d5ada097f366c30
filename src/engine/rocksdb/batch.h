#pragma once

#include <rocksdb/write_batch.h>

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "engine/rocksdb/database.h"
#include "engine/rocksdb/layout.h"
#include "engine/rocksdb/recent.h"

namespace posthorn::engine::rocks {

/// Work that is written at once: several commits with their pages, pieces and holders. Commits of
/// one partition are chained: each is judged as if those before it in the batch were already
/// written.
/// Thread: the committer's only.
class Batch {
 public:
  struct Moved {
    PartitionId partition;
    PartitionVersion version;
  };

  /// Requires: the batch is empty. `database` must exist until `write` or `drop`.
  void begin(Database& database);

  /// Returns the version after the commit. Errors: conflict, too_big; io, corrupt if the version
  /// cannot be read.
  ///
  /// A piece whose state cannot be read (a damaged block) is written again, like an absent one.
  /// That is always correct, because the name determines the bytes. The piece gets a version that
  /// no sweeper has seen, and it is never erased while one of its holders cannot be read.
  Result<PartitionVersion> add(const Commit& commit);
  /// Adds a piece that is written ahead: it becomes held, and a candidate. Errors: as add.
  Status add_ahead(const PieceHold& hold, const PartitionId& holder);
  void add_hint(const PartitionId& partition, const std::vector<Edit>& edits);

  [[nodiscard]] bool empty() const { return batch_.Count() == 0 && versions_.empty(); }
  [[nodiscard]] std::size_t bytes() const { return batch_.GetDataSize(); }
  /// True if the batch must be written before anything more is added.
  [[nodiscard]] bool spoiled() const { return spoiled_; }

  enum class Sync : std::uint8_t { no, yes };
  /// Writes everything and empties the batch. Returns the partitions with commits, each once.
  Result<std::vector<Moved>> write(Sync sync);
  /// Discards the content, and everything cached from the database.
  void drop();

  /// The version that the partition's next commit would find.
  Result<PartitionVersion> version_of(const PartitionId& partition);

  /// The sweeper's calls. They require an empty batch, and write immediately without a sync.
  Status unhold(const PieceName& name, const PartitionId& holder, std::int64_t not_after);
  Result<bool> erase(const PieceName& name, std::uint64_t version);
  Status clear_candidate(const Candidate& candidate);

 private:
  Status add_hold(const PieceHold& hold, const PartitionId& holder);
  void put_candidate(const PartitionId& holder, const PieceName& piece, std::int64_t stamp);
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
  // Taken in, but not written yet.
  std::unordered_map<PartitionId, PartitionVersion> versions_;
  std::unordered_map<PieceName, PieceState> pieces_;
  std::unordered_map<std::string, std::int64_t> stamps_;
  // As stored. Only the committer writes these records, so the cached values are always valid.
  Recent<PartitionId, PartitionVersion> recent_versions_{1UL << 15};
  Recent<PieceName, PieceState> recent_pieces_{1UL << 15};
};

}  // namespace posthorn::engine::rocks
