#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "engine/rocksdb/batch.h"
#include "engine/rocksdb/storage.h"

namespace posthorn::engine::rocks {

/// The one thread that writes what has an order: it takes everything that waits, writes it as one
/// batch with one sync, and answers. While it syncs, the next batch gathers; while more commits are
/// said to be on their way, it waits for them a part of what a sync takes.
class Committer {
 public:
  using Clock = std::chrono::steady_clock;

  Committer(Storage& storage, const RocksDbOptions& options);
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  void commit(Commit commit, CommitDone done);
  void expect_commit(int more);
  void hint(const PartitionId& partition, std::vector<Edit> edits);
  /// These four wait for their turn; hold and the sweeper's do not wait for a sync of their own.
  Status hold(const PieceHold& piece, const PartitionId& holder);
  Status unhold(const PieceName& name, const PartitionId& holder, std::int64_t not_after);
  Result<bool> erase(const PieceName& name, std::uint64_t version);
  Status clear_candidate(const Candidate& candidate);

  void listen(BellListener listener);
  /// Answers everything queued, then ends the thread; later work gets `unavailable`.
  void stop();

 private:
  struct CommitJob {
    Commit commit;
    CommitDone done;
  };
  struct HintJob {
    PartitionId partition;
    std::vector<Edit> edits;
  };
  struct HoldJob {  ///< What it points to is on the waiting caller's stack.
    const PieceHold* piece;
    PartitionId holder;
    std::promise<Status>* done;
  };
  struct UnholdJob {
    PieceName name;
    PartitionId holder;
    std::int64_t not_after;
    std::promise<Status>* done;
  };
  struct EraseJob {
    PieceName name;
    std::uint64_t version;
    std::promise<Result<bool>>* done;
  };
  struct ClearJob {
    Candidate candidate;
    std::promise<Status>* done;
  };
  using Work = std::variant<CommitJob, HintJob, HoldJob, UnholdJob, EraseJob, ClearJob>;
  struct Job {
    std::uint64_t ticket;
    Work work;
  };
  struct Answer {
    PartitionId partition;
    CommitDone done;
    Result<Seq> outcome;
  };
  struct HoldAnswer {
    std::promise<Status>* done;
    Status outcome;
  };

  Status push(Work& work, std::size_t bytes);
  bool take(std::vector<Job>& jobs);
  /// Waits for commits that are expected. Requires: the lock, and something queued.
  void gather(std::unique_lock<std::mutex>& lock);
  void run();
  void process(std::vector<Job>& jobs);
  void take_on(CommitJob& job, std::uint64_t ticket);
  void take_on(HintJob& job, std::uint64_t ticket);
  void take_on(HoldJob& job, std::uint64_t ticket);
  void take_on(UnholdJob& job, std::uint64_t ticket);
  void take_on(EraseJob& job, std::uint64_t ticket);
  void take_on(ClearJob& job, std::uint64_t ticket);
  void flush_if_due();
  void flush();
  void tell(const Error* failure);
  void ring(const std::vector<Batch::Moved>& moved);
  [[nodiscard]] bool blocked(const PartitionId& partition, std::uint64_t ticket) const;
  /// Notes what RocksDB told, and whether writing is possible.
  bool healthy();
  void recover_if_due();
  static bool takes_room(const Job& job);
  void refuse(Job& job, const Error& why);
  void refuse_all(std::vector<Job>& jobs, const Error& why);
  void write_failed(const Error& error);
  void start_recovery(Clock::duration after);
  void alarmed(Alarm::Kind kind);

  Storage& storage_;
  const std::size_t max_bytes_;
  const std::size_t max_jobs_;
  const std::size_t unsynced_limit_;

  std::mutex mutex_;
  std::condition_variable waiting_;
  std::vector<Job> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t next_ticket_ = 1;
  bool urgent_ = false;  ///< Somebody's thread waits for one of those queued.
  bool stopping_ = false;
  bool recovering_ = false;  ///< Which may take long: nothing is queued meanwhile.
  std::atomic<int> expected_ = 0;
  std::atomic<bool> gathering_ = false;

  // The thread's own.
  Batch batch_;
  std::vector<Answer> answers_;
  std::vector<HoldAnswer> hold_answers_;
  std::size_t unsynced_ = 0;
  Clock::duration sync_takes_{};  ///< A moving average.
  /// Partitions a commit failed for: those given before it was told (lower tickets) fail too.
  std::unordered_map<PartitionId, std::uint64_t> blocked_;
  bool broken_ = false;  ///< A write failed: all are refused until recovery.
  std::atomic<bool> alarmed_ = false;
  std::atomic<bool> compaction_failed_ = false;
  std::optional<Clock::time_point> next_tending_;
  std::string last_failure_;
  Clock::time_point next_attempt_;
  Clock::duration patience_{};

  std::mutex listener_mutex_;
  BellListener listener_;
  std::thread thread_;
};

}  // namespace posthorn::engine::rocks
