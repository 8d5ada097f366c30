#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/mutex.h"
#include "engine/rocksdb/batch.h"
#include "engine/rocksdb/storage.h"

namespace posthorn::engine::rocks {

/// The thread that does all ordered writes. It takes everything in the queue, writes it as one
/// batch with one sync, and answers the callers. While it syncs, the next batch gathers in the
/// queue. If further commits are announced, it waits for them, for a fraction of the duration of a
/// sync.
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
  /// These four block the caller until the work is done. Neither hold nor the sweeper's calls wait
  /// for a sync of their own.
  Status hold(const PieceHold& piece, const PartitionId& holder);
  Status unhold(const PieceName& name, const PartitionId& holder, std::int64_t not_after);
  Result<bool> erase(const PieceName& name, std::uint64_t version);
  Status clear_candidate(const Candidate& candidate);

  void listen(BellListener listener);
  /// Answers everything queued, then ends the thread. Later calls get `unavailable`.
  void stop();

 private:
  struct CommitJob {
    Commit commit;
    CommitDone done;
    Clock::time_point given;
  };
  struct HintJob {
    PartitionId partition;
    std::vector<Edit> edits;
  };
  struct HoldJob {  ///< Its pointers refer to the stack of the waiting caller.
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
    Result<PartitionVersion> outcome;
    Clock::time_point given;
  };
  struct HoldAnswer {
    std::promise<Status>* done;
    Status outcome;
  };

  Status push(Work& work, std::size_t bytes);
  bool take(std::vector<Job>& jobs);
  /// Waits for announced commits. Requires: a queue that is not empty.
  void gather() POSTHORN_REQUIRES(mutex_);
  /// Returns whether the thread has something to do.
  [[nodiscard]] bool called() const POSTHORN_REQUIRES(mutex_);
  /// Returns whether waiting for more commits is of no use.
  [[nodiscard]] bool enough() const POSTHORN_REQUIRES(mutex_);
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
  /// Handles RocksDB's alarms. Returns true if writing is possible.
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
  EngineMeter unwatched_;  ///< If the options name no meter.
  EngineMeter& meter_;

  Mutex mutex_;
  ConditionVariable waiting_;
  std::vector<Job> queue_ POSTHORN_GUARDED_BY(mutex_);
  std::size_t queued_bytes_ POSTHORN_GUARDED_BY(mutex_) = 0;
  std::uint64_t next_ticket_ POSTHORN_GUARDED_BY(mutex_) = 1;
  /// A thread is blocked on one of the queued jobs.
  bool urgent_ POSTHORN_GUARDED_BY(mutex_) = false;
  bool stopping_ POSTHORN_GUARDED_BY(mutex_) = false;
  /// Recovery may take long; nothing is queued during it.
  bool recovering_ POSTHORN_GUARDED_BY(mutex_) = false;
  std::atomic<int> expected_ = 0;
  std::atomic<bool> gathering_ = false;

  // Used by the committer's thread only.
  Batch batch_;
  std::vector<Answer> answers_;
  std::vector<HoldAnswer> hold_answers_;
  std::size_t unsynced_ = 0;
  Clock::duration sync_takes_{};  ///< A moving average.
  /// Partitions with a failed commit. Commits that were given before the failure was reported
  /// (those with a lower ticket) fail too.
  std::unordered_map<PartitionId, std::uint64_t> blocked_;
  bool broken_ = false;  ///< A write failed. All writes are refused until recovery.
  std::atomic<bool> alarmed_ = false;
  std::atomic<bool> compaction_failed_ = false;
  std::optional<Clock::time_point> next_tending_;
  std::string last_failure_;
  Clock::time_point next_attempt_;
  Clock::duration patience_{};

  Mutex listener_mutex_;
  BellListener listener_ POSTHORN_GUARDED_BY(listener_mutex_);
  std::thread thread_;
};

}  // namespace posthorn::engine::rocks
