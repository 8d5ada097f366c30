#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>

#include "async/offload.h"
#include "base/mutex.h"
#include "engine/engine.h"

namespace posthorn::engine {

/// The fate of a commit that is set to fail.
enum class CommitFault : std::uint8_t {
  fails,      ///< io; the commit never happened.
  disk_full,  ///< io, "the disk is full"; the commit never happened.
  torn,       ///< io; the next crash decides, unless the partition's next commit succeeds before.
};

/// What a crash does to torn commits.
enum class TornFate : std::uint8_t { lost, kept };

/// Whether the wrapped engine answers a `try_` form. If not, an awaited read leaves the loop it is
/// awaited on, as if it waited for a disk.
enum class CachedReads : std::uint8_t { pass, would_block };

/// Wraps an engine and injects the faults of disks and crashes. It delays data that the interface
/// allows an engine to lose (pages and pieces written ahead, hints), so that a crash loses it.
/// Without a fault it behaves as the wrapped engine. For tests.
/// Thread: any.
class FaultyEngine final : public Engine {
 public:
  explicit FaultyEngine(std::unique_ptr<Engine> inner) : inner_(std::move(inner)) {}
  ~FaultyEngine() override = default;
  FaultyEngine(const FaultyEngine&) = delete;
  FaultyEngine& operator=(const FaultyEngine&) = delete;

  [[nodiscard]] bool is_shared() const override { return inner_->is_shared(); }
  [[nodiscard]] std::size_t small_body_octets() const override {
    return inner_->small_body_octets();
  }

  /// Lets the next `skip` commits pass, then fails `count`.
  void fail_commits(CommitFault fault, std::size_t count = 1, std::size_t skip = 0);
  /// Makes reads return `error`: the awaitable ones (each page and piece counts), inspect, pages,
  /// partitions, pieces, candidates.
  void fail_reads(Error error, std::size_t count = 1, std::size_t skip = 0);
  /// Makes put_page, drop_pages, hold, unhold, erase and clear_candidate return `error` and do
  /// nothing.
  void fail_writes(Error error, std::size_t count = 1, std::size_t skip = 0);
  /// Simulates damage on a disk: every read that touches the damaged data returns `error`, until
  /// heal().
  void damage_piece(const PieceName& name, Error error);
  void damage_page(const PartitionId& partition, PageNumber number, Error error);
  /// Damages the rows with first <= key < last: a get of one of them, and a scan that reaches one.
  void damage_rows(const PartitionId& partition, std::string first, std::string last, Error error);
  /// Damages the list of partitions from `first` to `last`, both included.
  void damage_partitions(const PartitionId& first, const PartitionId& last, Error error);
  /// Makes verify_files() report this from now on.
  void report_file(FileDamage damage);
  void heal();
  void set_cached_reads(CachedReads how);
  /// Delays every call that may wait for the disk: a read that is awaited on a loop away from it,
  /// and all else, also a commit, on the caller's thread.
  void set_delay(std::chrono::milliseconds delay);

  /// Holds back commits from now on, until they are released. Their changes are not visible and
  /// none is answered.
  void hold_back();
  /// Releases the `count` oldest commits, in order. All others, including new ones, keep waiting.
  void let_go(std::size_t count);
  /// Releases all commits and stops holding back.
  void let_all_go();
  [[nodiscard]] std::size_t held_back() const;

  /// Runs `hook` whenever the named point is passed, on the passing thread: to stop or crash there,
  /// or to run something that races. Points: "commit" and "commit.done", and likewise for put_page,
  /// hold, inspect, unhold, erase, candidates, clear_candidate. An empty hook clears the point.
  void at(std::string point, std::function<void()> hook);

  /// Simulates a crash: loses what was not synced, fails held-back commits with `closed`, and
  /// decides the fate of torn ones. Every call returns `unavailable` until `restart`.
  void crash(TornFate fate = TornFate::lost);
  void restart();

  void commit(Commit commit, CommitDone done) override;
  void expect_commit(int more) override { inner_->expect_commit(more); }
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
  void listen(BellListener listener) override { inner_->listen(std::move(listener)); }
  Result<std::vector<PartitionId>> partitions(const std::optional<PartitionId>& after,
                                              std::size_t limit) override;
  Result<std::vector<PieceName>> pieces(const std::optional<PieceName>& after,
                                        std::size_t limit) override;
  Result<std::vector<FileDamage>> verify_files() override;
  [[nodiscard]] std::uint64_t epoch() const override { return inner_->epoch(); }
  void close() override;

 private:
  struct DamagedRows {
    PartitionId partition;
    std::string first;
    std::string last;
    Error error;
  };
  struct DamagedPartitions {
    PartitionId first;
    PartitionId last;
    Error error;
  };
  /// The damage that covers this row.
  [[nodiscard]] const Error* damage_at(const PartitionId& partition, std::string_view key) const
      POSTHORN_REQUIRES(mutex_);
  /// The writes of a partition that a crash can still lose.
  struct Unsynced {
    std::map<PageNumber, std::string> pages;
    std::vector<PieceHold> holds;
    std::vector<Edit> hints;
  };
  struct Waiting {
    Commit commit;
    CommitDone done;
    bool doomed = false;  ///< Given after a commit that failed, before that failure was reported.
  };
  struct Torn {
    Commit commit;
    Unsynced before;
  };
  template <class Fault>
  struct Plan {
    Fault fault;
    std::size_t skip;
    std::size_t count;
  };

  /// Releases the mutex for each commit.
  void pump() POSTHORN_REQUIRES(mutex_);
  void pass_on(Waiting waiting);
  void answered(const PartitionId& partition, const Result<PartitionVersion>& outcome);
  /// Before an awaited read: waits, elsewhere if the caller is on a loop that it must not block.
  async::Task<void> leave();
  /// Before any read: the fault that it meets.
  Status meet_fault();
  Status before_blocking_read();
  Status before_try();
  Status check_rows(const PartitionId& partition, std::span<const std::string> keys) const;
  Result<ScanResult> check_rows(const PartitionId& partition, Result<ScanResult> scanned) const;
  /// A page or piece, or an error, that this wrapper answers itself; none if the wrapped engine is
  /// to be asked.
  std::optional<Result<std::string>> page_here(const PartitionId& partition, PageNumber number);
  std::optional<Result<std::string>> piece_here(const PieceName& name);
  Status before_write(std::string_view point);
  void passing(std::string_view point);
  void write_inner(const PartitionId& partition, Unsynced unsynced);
  void settle(const PartitionId& partition);
  void settle_holds();
  /// The bytes of a piece that is written ahead and not synced.
  [[nodiscard]] const std::string* unsynced_bytes(const PieceName& name) const
      POSTHORN_REQUIRES(mutex_);
  void settle_hints(const PartitionId& partition);
  void pause();
  Status check_up() const POSTHORN_REQUIRES(mutex_);

  std::unique_ptr<Engine> inner_;
  /// Held from judging a commit until the wrapped engine has it, so that no commit overtakes the
  /// report of a failed one it was computed from. Taken before mutex_; taken recursively within a
  /// `done`. Not a Mutex: it may be taken again, and it protects an order, no member.
  std::recursive_mutex order_mutex_;
  mutable Mutex mutex_;
  std::optional<Plan<CommitFault>> commit_plan_ POSTHORN_GUARDED_BY(mutex_);
  std::optional<Plan<Error>> read_plan_ POSTHORN_GUARDED_BY(mutex_);
  std::optional<Plan<Error>> write_plan_ POSTHORN_GUARDED_BY(mutex_);
  std::map<PieceName, Error> damaged_pieces_ POSTHORN_GUARDED_BY(mutex_);
  std::map<std::pair<PartitionId, PageNumber>, Error> damaged_pages_ POSTHORN_GUARDED_BY(mutex_);
  std::vector<DamagedRows> damaged_rows_ POSTHORN_GUARDED_BY(mutex_);
  std::vector<DamagedPartitions> damaged_partitions_ POSTHORN_GUARDED_BY(mutex_);
  std::vector<FileDamage> damaged_files_ POSTHORN_GUARDED_BY(mutex_);
  CachedReads cached_reads_ POSTHORN_GUARDED_BY(mutex_) = CachedReads::pass;
  std::chrono::milliseconds delay_ POSTHORN_GUARDED_BY(mutex_){0};
  std::map<std::string, std::function<void()>, std::less<>> hooks_ POSTHORN_GUARDED_BY(mutex_);
  std::deque<Waiting> queue_ POSTHORN_GUARDED_BY(mutex_);
  bool pumping_ POSTHORN_GUARDED_BY(mutex_) = false;
  /// Number of commits that may still pass.
  std::size_t allowed_ POSTHORN_GUARDED_BY(mutex_) = ~std::size_t{0};
  std::map<PartitionId, Unsynced> unsynced_ POSTHORN_GUARDED_BY(mutex_);
  std::vector<Torn> torn_ POSTHORN_GUARDED_BY(mutex_);
  bool crashed_ POSTHORN_GUARDED_BY(mutex_) = false;
  /// Where awaited reads wait. Declared last: its threads end before all else is destroyed.
  async::OffloadPool pool_{2, 1000};
};

}  // namespace posthorn::engine
