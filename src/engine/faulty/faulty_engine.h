#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "engine/engine.h"

namespace posthorn::engine {

/// What becomes of a commit told to fail.
enum class CommitFault : std::uint8_t {
  fails,      ///< io; never happened.
  disk_full,  ///< io, "the disk is full"; never happened.
  torn,       ///< io; the next crash decides, unless the partition's next commit succeeds first.
};

/// What a crash does with torn commits.
enum class TornFate : std::uint8_t { lost, kept };

enum class CachedReads : std::uint8_t { pass, would_block };

/// Wraps an engine and does to its user what disks and crashes do. It keeps back what the interface
/// lets an engine lose (pages and pieces written ahead, hints), so that a crash loses it. With no
/// fault set it is the engine within. For tests; thread: any.
class FaultyEngine final : public Engine {
 public:
  explicit FaultyEngine(std::unique_ptr<Engine> inner) : inner_(std::move(inner)) {}
  ~FaultyEngine() override = default;
  FaultyEngine(const FaultyEngine&) = delete;
  FaultyEngine& operator=(const FaultyEngine&) = delete;

  /// Lets `skip` more commits through, then fails `count`.
  void fail_commits(CommitFault fault, std::size_t count = 1, std::size_t skip = 0);
  /// Reads (those with a tier, and inspect, pages, partitions, pieces, candidates) answer `error`.
  void fail_reads(Error error, std::size_t count = 1, std::size_t skip = 0);
  /// put_page, drop_pages, hold, unhold, erase and clear_candidate answer `error` and do nothing.
  void fail_writes(Error error, std::size_t count = 1, std::size_t skip = 0);
  /// As damage on a disk does: every read that meets what lies there answers `error`, until heal().
  void damage_piece(const PieceName& name, Error error);
  void damage_page(const PartitionId& partition, PageNumber number, Error error);
  /// Rows with first <= key < last: a get of one of them, and a scan that comes upon one.
  void damage_rows(const PartitionId& partition, std::string first, std::string last, Error error);
  /// The list of partitions, where it comes upon one from `first` to `last`, both included.
  void damage_partitions(const PartitionId& first, const PartitionId& last, Error error);
  /// verify_files() says this from now on.
  void report_file(FileDamage damage);
  void heal();
  void set_cached_reads(CachedReads how);
  /// Every call that may wait for a disk takes this much longer; commits do so on their caller.
  void set_delay(std::chrono::milliseconds delay);

  /// From now on commits wait until let go; what they would change is not seen, none is answered.
  void hold_back();
  /// Passes on the `count` oldest, in order; the rest, and new ones, go on waiting.
  void let_go(std::size_t count);
  /// Passes on everything and stops holding back.
  void let_all_go();
  [[nodiscard]] std::size_t held_back() const;

  /// Runs `hook` whenever the named point is passed, on the passing thread: to stop there, to crash
  /// there, or to run what races. Points: "commit" and "commit.done", and the same of put_page,
  /// hold, inspect, unhold, erase, candidates, clear_candidate. An empty hook clears the point.
  void at(std::string point, std::function<void()> hook);

  /// Loses what was not synced, fails commits held back with `closed`, settles torn ones; every
  /// call is `unavailable` until `restart`.
  void crash(TornFate fate = TornFate::lost);
  void restart();

  void commit(Commit commit, CommitDone done) override;
  void expect_commit(int more) override { inner_->expect_commit(more); }
  Result<Seq> tail(const PartitionId& partition, Tier tier) override;
  Result<std::vector<std::optional<std::string>>> get(const PartitionId& partition,
                                                      std::span<const std::string> keys,
                                                      Tier tier) override;
  Result<ScanResult> scan(const PartitionId& partition, std::string_view first,
                          std::string_view last, std::size_t limit, Tier tier) override;
  Status put_page(const PartitionId& partition, PageNumber number, std::string bytes) override;
  Result<std::string> read_page(const PartitionId& partition, PageNumber number,
                                Tier tier) override;
  Status drop_pages(const PartitionId& partition, std::span<const PageNumber> numbers) override;
  Result<std::vector<PageNumber>> pages(const PartitionId& partition, PageNumber after,
                                        std::size_t limit) override;
  Status hold(const PieceHold& piece, const PartitionId& holder) override;
  Result<std::string> read_piece(const PieceName& name, Tier tier) override;
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
  /// The damage that this row lies in. Requires: mutex_.
  [[nodiscard]] const Error* damage_at(const PartitionId& partition, std::string_view key) const;
  /// A partition's writes that a crash may still take.
  struct Unsynced {
    std::map<PageNumber, std::string> pages;
    std::vector<PieceHold> holds;
    std::vector<Edit> hints;
  };
  struct Waiting {
    Commit commit;
    CommitDone done;
    bool doomed = false;  ///< Given after one that failed, before that was told.
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

  void pump(std::unique_lock<std::mutex>& lock);
  void pass_on(Waiting waiting);
  void answered(const PartitionId& partition, const Result<Seq>& outcome);
  Status before_read(Tier tier);
  Status before_write(std::string_view point);
  void passing(std::string_view point);
  void write_inner(const PartitionId& partition, Unsynced unsynced);
  void settle(const PartitionId& partition);
  void settle_holds();
  /// Of a piece written ahead and not synced. Requires: mutex_.
  [[nodiscard]] const std::string* unsynced_bytes(const PieceName& name) const;
  void settle_hints(const PartitionId& partition);
  void pause();
  Status check_up() const;

  std::unique_ptr<Engine> inner_;
  /// Held from judging a commit until it is with the engine within, so that none slips past the
  /// telling of one it was computed from. Taken before mutex_; again inside a `done`.
  std::recursive_mutex order_mutex_;
  mutable std::mutex mutex_;
  std::optional<Plan<CommitFault>> commit_plan_;
  std::optional<Plan<Error>> read_plan_;
  std::optional<Plan<Error>> write_plan_;
  std::map<PieceName, Error> damaged_pieces_;
  std::map<std::pair<PartitionId, PageNumber>, Error> damaged_pages_;
  std::vector<DamagedRows> damaged_rows_;
  std::vector<DamagedPartitions> damaged_partitions_;
  std::vector<FileDamage> damaged_files_;
  CachedReads cached_reads_ = CachedReads::pass;
  std::chrono::milliseconds delay_{0};
  std::map<std::string, std::function<void()>, std::less<>> hooks_;
  std::deque<Waiting> queue_;
  bool pumping_ = false;
  std::size_t allowed_ = ~std::size_t{0};  ///< How many commits may still pass.
  std::map<PartitionId, Unsynced> unsynced_;
  std::vector<Torn> torn_;
  bool crashed_ = false;
};

}  // namespace posthorn::engine
