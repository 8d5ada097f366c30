#pragma once

#include <deque>
#include <map>
#include <unordered_map>

#include "base/mutex.h"
#include "engine/engine.h"

namespace posthorn::engine {

/// Keeps everything in ordered maps under one mutex. For tests, and as the simplest definition of
/// what an engine does. `done` and bells run on the committing thread (or on one that is already
/// calling them), in the order of the commits, never under the mutex. Data is durable until the
/// object is destroyed.
class MemoryEngine final : public Engine {
 public:
  MemoryEngine() = default;
  ~MemoryEngine() override = default;
  MemoryEngine(const MemoryEngine&) = delete;
  MemoryEngine& operator=(const MemoryEngine&) = delete;

  void commit(Commit commit, CommitDone done) override;
  async::Task<Result<PartitionVersion>> version(PartitionId partition) override;
  Result<PartitionVersion> try_version(const PartitionId& partition) override;
  async::Task<Result<Values>> get(PartitionId partition, std::vector<std::string> keys) override;
  Result<Values> try_get(const PartitionId& partition, std::span<const std::string> keys) override;
  async::Task<Result<ScanResult>> scan(PartitionId partition, std::string first, std::string last,
                                       std::size_t limit) override;
  Result<ScanResult> try_scan(const PartitionId& partition, std::string_view first,
                              std::string_view last, std::size_t limit) override;
  Status put_page(const PartitionId& partition, PageNumber number, std::string bytes) override;
  async::Task<void> visit_pages(PartitionId partition, std::vector<PageNumber> numbers,
                                BlobVisitor visit) override;
  Result<std::string> try_read_page(const PartitionId& partition, PageNumber number) override;
  Status drop_pages(const PartitionId& partition, std::span<const PageNumber> numbers) override;
  Result<std::vector<PageNumber>> pages(const PartitionId& partition, PageNumber after,
                                        std::size_t limit) override;
  Status hold(const PieceHold& piece, const PartitionId& holder) override;
  async::Task<void> visit_pieces(std::vector<PieceName> names, BlobVisitor visit) override;
  Result<std::string> try_read_piece(const PieceName& name) override;
  Result<std::optional<PieceInfo>> inspect(const PieceName& name) override;
  Status unhold(const PieceName& name, const PartitionId& holder, std::int64_t not_after) override;
  Result<bool> erase(const PieceName& name, std::uint64_t version) override;
  Result<std::vector<Candidate>> candidates(const std::optional<Candidate>& after,
                                            std::size_t limit) override;
  Status clear_candidate(const Candidate& candidate) override;
  void hint(const PartitionId& partition, std::vector<Edit> edits) override;
  void listen(BellListener listener) override;
  Result<std::vector<PartitionId>> partitions(const std::optional<PartitionId>& after,
                                              std::size_t limit) override;
  Result<std::vector<PieceName>> pieces(const std::optional<PieceName>& after,
                                        std::size_t limit) override;
  [[nodiscard]] std::uint64_t epoch() const override { return epoch_; }
  /// For tests: simulates that an older copy was restored. Requires: no store uses the engine.
  void set_epoch(std::uint64_t epoch) { epoch_ = epoch; }
  void close() override;

 private:
  struct Partition {
    PartitionVersion version;
    std::size_t failures_untold = 0;  ///< Failed commits whose `done` has not been called yet.
    std::map<std::string, std::string, std::less<>> rows;
    std::map<PageNumber, std::string> pages;
  };
  struct Piece {
    std::string bytes;
    std::uint64_t version = 0;
    std::map<PartitionId, std::int64_t> holders;
  };
  struct Answer {
    PartitionId partition;
    CommitDone done;
    Result<PartitionVersion> outcome;
  };

  Result<PartitionVersion> apply(Partition& partition, Commit& commit) POSTHORN_REQUIRES(mutex_);
  [[nodiscard]] Status check_holds(std::span<const PieceHold> holds) const
      POSTHORN_REQUIRES(mutex_);
  void hold_locked(const PieceHold& piece, const PartitionId& holder) POSTHORN_REQUIRES(mutex_);
  /// Releases the mutex for each call.
  void answer() POSTHORN_REQUIRES(mutex_);
  [[nodiscard]] const Partition* find(const PartitionId& partition) const POSTHORN_REQUIRES(mutex_);
  Status check_open() const POSTHORN_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<PartitionId, Partition> partitions_ POSTHORN_GUARDED_BY(mutex_);
  std::map<PieceName, Piece> pieces_ POSTHORN_GUARDED_BY(mutex_);
  /// Maps to their stamps.
  std::map<std::pair<PartitionId, PieceName>, std::int64_t> candidates_ POSTHORN_GUARDED_BY(mutex_);
  std::uint64_t last_version_ POSTHORN_GUARDED_BY(mutex_) = 0;
  std::deque<Answer> answers_ POSTHORN_GUARDED_BY(mutex_);
  bool answering_ POSTHORN_GUARDED_BY(mutex_) = false;
  bool closed_ POSTHORN_GUARDED_BY(mutex_) = false;
  Mutex listener_mutex_;
  BellListener listener_ POSTHORN_GUARDED_BY(listener_mutex_);
  std::uint64_t epoch_ = 0;
};

}  // namespace posthorn::engine
