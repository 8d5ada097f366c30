#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "async/task.h"
#include "base/mutex.h"
#include "engine/engine.h"
#include "engine/engine_meter.h"
#include "engine/rados/ceph/connection.h"

namespace posthorn::engine::rados {

/// Commits, each of which is one guarded write (guarded_write.h) of the partition's object. What it
/// carries is written before (carry.h).
///
/// Commits of one partition are under way one after another. What has gathered meanwhile is made
/// one write, with one fate. Ceph does one write of an object at a time in any case.
/// Thread: any.
class Committer {
 public:
  /// Told of every commit that took effect. Must not block.
  using Ring = std::function<void(const PartitionId&, const PartitionVersion&)>;

  Committer(Connection& connection, EngineMeter* meter, Ring ring);
  ~Committer();  ///< Requires: stop() was called.
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  void commit(Commit commit, CommitDone done);
  void hint(const PartitionId& partition, std::vector<Edit> edits);
  /// A header that was read, so that the next commit need not read it.
  void learn(const PartitionId& partition, const Header& header);
  /// Refuses further commits, and waits until the others are answered.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  struct Job {
    Commit commit;
    CommitDone done;
    Clock::time_point given;
    std::size_t bytes = 0;
    bool is_written_ahead = false;      ///< What it carries is stored.
    std::optional<Error> spoiled = {};  ///< It failed already.
  };
  struct Line {
    std::deque<Job> jobs;    ///< Those that wait.
    std::deque<Job> failed;  ///< To be told that they failed.
    bool running = false;
    bool telling = false;  ///< There are failures that nobody has been told of.
    std::optional<Header> known;
  };

  async::Task<void> run(PartitionId partition);
  async::Task<void> run_batch(PartitionId partition, std::vector<Job> batch);
  /// Takes the first commits of a line that were computed from each other. With new mail or without
  /// any: a full cluster refuses the former, and must not refuse the others for it.
  std::vector<Job> take_batch(Line& line) POSTHORN_REQUIRES(mutex_);
  async::Task<Result<Header>> find_header(PartitionId partition, std::uint64_t revision);
  static async::Task<void> write_ahead(Connection& connection, Job& job);
  async::Task<void> write_all_ahead(PartitionId partition, std::vector<Job>& batch);
  async::Task<void> write_hint(PartitionId partition, std::vector<Edit> edits);
  void succeed(const PartitionId& partition, std::vector<Job> batch, PartitionVersion before);
  /// Fails the batch and everything that waits in its line. The version is that for conflicts.
  async::Task<void> fail_line(PartitionId partition, std::vector<Job> batch, Error error,
                              PartitionVersion found);
  void answer(Job& job, Result<PartitionVersion> outcome);
  void in_background(async::Task<void> task);

  Connection& connection_;
  EngineMeter* const meter_;
  const Ring ring_;
  Mutex mutex_;
  ConditionVariable idle_;
  std::unordered_map<PartitionId, Line> lines_ POSTHORN_GUARDED_BY(mutex_);
  std::size_t waiting_bytes_ POSTHORN_GUARDED_BY(mutex_) = 0;
  std::size_t unanswered_ POSTHORN_GUARDED_BY(mutex_) = 0;
  std::size_t tasks_ POSTHORN_GUARDED_BY(mutex_) = 0;
  std::size_t hints_ POSTHORN_GUARDED_BY(mutex_) = 0;
  bool closed_ POSTHORN_GUARDED_BY(mutex_) = false;
};

}  // namespace posthorn::engine::rados
