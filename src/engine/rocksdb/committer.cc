#include "engine/rocksdb/committer.h"

#include "base/log.h"
#include "engine/limits.h"

namespace posthorn::engine::rocks {
namespace {

/// Larger batches would only delay the commits in them.
constexpr std::size_t kBatchBytes = 4UL << 20;
/// Limits of gathering: the longest time a commit waits for others, and the amount of data that
/// ends the wait.
constexpr auto kLongestGathering = std::chrono::microseconds(500);
constexpr std::size_t kGatherBytes = 1UL << 20;
constexpr std::uint64_t kAllTickets = ~0ULL;
constexpr auto kFirstRetry = std::chrono::milliseconds(50);
constexpr auto kLastRetry = std::chrono::seconds(1);
/// While the database is open for reading only, each attempt closes it and interrupts readers.
constexpr auto kFirstRetryWhileReading = std::chrono::seconds(5);
constexpr auto kLastRetryWhileReading = std::chrono::seconds(30);

Error not_writing() { return {ErrorKind::unavailable, "the disk is not accepting writes"}; }

std::size_t edit_bytes(const std::vector<Edit>& edits) {
  std::size_t bytes = sizeof(Edit) * (edits.size() + 1);
  for (const Edit& edit : edits) bytes += edit.key.size() + (edit.value ? edit.value->size() : 0);
  return bytes;
}

}  // namespace

Committer::Committer(Storage& storage, const RocksDbOptions& options)
    : storage_(storage),
      max_bytes_(options.queue_bytes),
      max_jobs_(options.queue_jobs),
      unsynced_limit_(options.unsynced_limit),
      meter_(options.meter != nullptr ? *options.meter : unwatched_),
      thread_([this] { run(); }) {
  storage_.alarm().answer_with([this](Alarm::Kind kind) { alarmed(kind); });
}

Committer::~Committer() { stop(); }

void Committer::stop() {
  storage_.alarm().answer_with({});
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  waiting_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Status Committer::push(Work& work, std::size_t bytes) {
  // The committer is woken only if it sleeps for lack of work, or if this job ends a gathering (a
  // blocked thread, or enough data). Waking it for every commit would only make it check and sleep
  // again.
  bool wake = false;
  {
    const MutexLock lock(mutex_);
    if (stopping_) return posthorn::fail(ErrorKind::unavailable, "the storage engine is closed");
    if (recovering_) return std::unexpected(not_writing());
    if (queued_bytes_ >= max_bytes_ || queue_.size() >= max_jobs_)
      return posthorn::fail(ErrorKind::unavailable, "too many changes are waiting to be written");
    const bool urgent =
        !std::holds_alternative<CommitJob>(work) && !std::holds_alternative<HintJob>(work);
    wake = queue_.empty() || (urgent && !urgent_) || queued_bytes_ + bytes >= kGatherBytes;
    urgent_ = urgent_ || urgent;
    queue_.push_back({next_ticket_++, std::move(work)});
    queued_bytes_ += bytes;
  }
  if (wake) waiting_.notify_one();
  return {};
}

void Committer::commit(Commit commit, CommitDone done) {
  const std::size_t bytes = bytes_of(commit);
  Work work = CommitJob{std::move(commit), std::move(done), Clock::now()};
  if (Status queued = push(work, bytes); !queued) std::get<CommitJob>(work).done(pass(queued));
}

void Committer::expect_commit(int more) {
  if (expected_.fetch_add(more) + more <= 0 && gathering_) waiting_.notify_one();
}

void Committer::hint(const PartitionId& partition, std::vector<Edit> edits) {
  if (!check_limits(edits)) return;
  const std::size_t bytes = edit_bytes(edits);
  Work work = HintJob{partition, std::move(edits)};
  if (Status queued = push(work, bytes); !queued)
    log::debug("storage: a hint was dropped because too many changes are waiting");
}

void Committer::alarmed(Alarm::Kind kind) {
  {
    const MutexLock lock(mutex_);
    (kind == Alarm::Kind::compaction ? compaction_failed_ : alarmed_) = true;
  }
  waiting_.notify_one();
}

Status Committer::hold(const PieceHold& piece, const PartitionId& holder) {
  if (Status ok = check_blob(piece.bytes.size()); !ok) return ok;
  std::promise<Status> done;
  Work work = HoldJob{&piece, holder, &done};
  if (Status queued = push(work, piece.bytes.size()); !queued) return queued;
  return done.get_future().get();
}

Status Committer::unhold(const PieceName& name, const PartitionId& holder, std::int64_t not_after) {
  std::promise<Status> done;
  Work work = UnholdJob{name, holder, not_after, &done};
  if (Status queued = push(work, sizeof work); !queued) return queued;
  return done.get_future().get();
}

Result<bool> Committer::erase(const PieceName& name, std::uint64_t version) {
  std::promise<Result<bool>> done;
  Work work = EraseJob{name, version, &done};
  if (Status queued = push(work, sizeof work); !queued) return pass(queued);
  return done.get_future().get();
}

Status Committer::clear_candidate(const Candidate& candidate) {
  std::promise<Status> done;
  Work work = ClearJob{candidate, &done};
  if (Status queued = push(work, sizeof work); !queued) return queued;
  return done.get_future().get();
}

void Committer::listen(BellListener listener) {
  const MutexLock lock(listener_mutex_);
  listener_ = std::move(listener);
}

bool Committer::called() const {
  return stopping_ || !queue_.empty() || (alarmed_ && !broken_) || compaction_failed_;
}

bool Committer::enough() const {
  return stopping_ || urgent_ || expected_ <= 0 || queued_bytes_ >= kGatherBytes;
}

bool Committer::take(std::vector<Job>& jobs) {
  // Wake up for the next recovery attempt even if nothing is written.
  const std::optional<Clock::time_point> until =
      broken_ ? std::optional(next_attempt_) : next_tending_;
  const MutexLock lock(mutex_);
  while (!called()) {
    if (!until) {
      waiting_.wait(mutex_);
    } else if (!waiting_.wait_until(mutex_, *until)) {
      break;
    }
  }
  if (!queue_.empty() && !broken_) gather();
  jobs.clear();
  jobs.swap(queue_);
  queued_bytes_ = 0;
  urgent_ = false;
  return !jobs.empty() || !stopping_;
}

/// A sync costs the same for one commit as for many. If further commits are announced, it is
/// therefore worth waiting for them, but never longer than half the time of a sync: at worst a
/// commit takes one and a half times as long, at best it saves a whole sync. Jobs that block a
/// thread do not wait.
void Committer::gather() {
  if (enough()) return;
  gathering_ = true;
  const auto until = Clock::now() + std::min<Clock::duration>(sync_takes_ / 2, kLongestGathering);
  while (!enough() && waiting_.wait_until(mutex_, until)) {
  }
  gathering_ = false;
}

void Committer::run() {
  std::vector<Job> jobs;
  while (take(jobs)) {
    // A block applies to jobs with a lower ticket. Jobs come in the order of their tickets, so a
    // block up to the first job's ticket has had its effect.
    if (!jobs.empty())
      std::erase_if(blocked_,
                    [&](const auto& entry) { return entry.second <= jobs.front().ticket; });
    if (healthy()) {
      if (!jobs.empty()) process(jobs);
    } else {
      refuse_all(jobs, not_writing());
      recover_if_due();
    }
    if (compaction_failed_.exchange(false) || (next_tending_ && *next_tending_ <= Clock::now()))
      next_tending_ = storage_.tend();
  }
}

void Committer::process(std::vector<Job>& jobs) {
  const Status room = storage_.check_room();
  auto use = storage_.use();
  if (!use) return refuse_all(jobs, use.error());
  batch_.begin(**use);
  for (Job& job : jobs) {
    if (!room && takes_room(job)) {
      refuse(job, room.error());
      continue;
    }
    std::visit([&](auto& work) { take_on(work, job.ticket); }, job.work);
    flush_if_due();
  }
  flush();
}

bool Committer::takes_room(const Job& job) {
  // The sweeper's calls make room.
  return std::holds_alternative<CommitJob>(job.work) || std::holds_alternative<HoldJob>(job.work) ||
         std::holds_alternative<HintJob>(job.work);
}

/// Returns true if the commit was given before its caller could know that an earlier one of the
/// partition failed. It may have been computed from the failed one, so it must fail too, even if
/// its `expect` is correct by coincidence.
bool Committer::blocked(const PartitionId& partition, std::uint64_t ticket) const {
  const auto it = blocked_.find(partition);
  return it != blocked_.end() && ticket < it->second;
}

void Committer::take_on(CommitJob& job, std::uint64_t ticket) {
  const PartitionId partition = job.commit.partition;
  Result<PartitionVersion> outcome;
  if (!blocked_.empty() && blocked(partition, ticket)) {
    outcome = batch_.version_of(partition);
    if (outcome) outcome = conflict_at(*outcome);
  } else {
    outcome = batch_.add(job.commit);
  }
  // Nobody has been told yet, so all later commits are affected. tell() replaces this by the first
  // ticket given out after the report.
  if (!outcome) blocked_[partition] = kAllTickets;
  answers_.push_back({partition, std::move(job.done), std::move(outcome), job.given});
}

void Committer::take_on(HintJob& job, std::uint64_t /*ticket*/) {
  batch_.add_hint(job.partition, job.edits);
}

void Committer::take_on(HoldJob& job, std::uint64_t /*ticket*/) {
  hold_answers_.push_back({job.done, batch_.add_ahead(*job.piece, job.holder)});
}

void Committer::take_on(UnholdJob& job, std::uint64_t /*ticket*/) {
  flush();
  job.done->set_value(batch_.unhold(job.name, job.holder, job.not_after));
}

void Committer::take_on(EraseJob& job, std::uint64_t /*ticket*/) {
  flush();
  job.done->set_value(batch_.erase(job.name, job.version));
}

void Committer::take_on(ClearJob& job, std::uint64_t /*ticket*/) {
  flush();
  job.done->set_value(batch_.clear_candidate(job.candidate));
}

void Committer::flush_if_due() {
  if (batch_.bytes() >= kBatchBytes || batch_.spoiled()) flush();
}

void Committer::flush() {
  if (batch_.empty()) return tell(nullptr);
  const bool commits = !answers_.empty();
  unsynced_ += batch_.bytes();
  const bool sync = commits || unsynced_ > unsynced_limit_;
  const Clock::time_point begun = Clock::now();
  const auto moved = batch_.write(sync ? Batch::Sync::yes : Batch::Sync::no);
  if (sync) {
    unsynced_ = 0;
    const Clock::duration took = Clock::now() - begun;
    sync_takes_ += (took - sync_takes_) / 8;
    meter_.syncs.add(took);
  }
  if (!moved) {
    write_failed(moved.error());
    return tell(&moved.error());
  }
  tell(nullptr);
  ring(*moved);
}

/// Answers the jobs of the last batch; `failure` is the error of writing it, or null. For a failed
/// commit, the block is set to the next ticket before `done` is called: `done` may give a new
/// commit at once, which knows of the failure and must not be blocked.
void Committer::tell(const Error* failure) {
  for (HoldAnswer& answer : hold_answers_)
    answer.done->set_value(failure && answer.outcome ? std::unexpected(*failure)
                                                     : std::move(answer.outcome));
  hold_answers_.clear();
  for (Answer& answer : answers_) {
    if (failure) {
      if (answer.outcome) {
        answer.outcome = std::unexpected(*failure);
      } else if (answer.outcome.error().kind == ErrorKind::conflict) {
        // It was judged by versions of this batch, which was not written. Judge by the stored one.
        answer.outcome = batch_.version_of(answer.partition);
        if (answer.outcome) answer.outcome = conflict_at(*answer.outcome);
      }
    }
    if (!answer.outcome) {
      const MutexLock lock(mutex_);
      blocked_[answer.partition] = next_ticket_;
    }
    meter_.commits.add(Clock::now() - answer.given);
    if (!answer.outcome) meter_.failed.add();
    answer.done(std::move(answer.outcome));
  }
  answers_.clear();
}

void Committer::ring(const std::vector<Batch::Moved>& moved) {
  const MutexLock lock(listener_mutex_);
  if (!listener_) return;
  for (const Batch::Moved& bell : moved) listener_({bell.partition, bell.version, false});
}

void Committer::write_failed(const Error& error) {
  if (!broken_ || last_failure_ != error.cause)
    log::error("storage: a write failed: {}", error.cause);
  last_failure_ = error.cause;
  if (!broken_) start_recovery({});
}

void Committer::start_recovery(Clock::duration after) {
  broken_ = true;
  patience_ = kFirstRetry;
  next_attempt_ = Clock::now() + after;
}

bool Committer::healthy() {
  // RocksDB reports the error before it has stopped its background work, so recovery does not start
  // at once.
  if (alarmed_.exchange(false) && !broken_) start_recovery(kFirstRetry);
  return !broken_;
}

void Committer::recover_if_due() {
  if (Clock::now() < next_attempt_) return;
  // Recovery may take long. Everything queued is refused, and `recovering_` makes push() refuse new
  // work, so that no thread stays blocked meanwhile.
  std::vector<Job> late;
  {
    const MutexLock lock(mutex_);
    if (stopping_) return;
    recovering_ = true;
    late.swap(queue_);
    queued_bytes_ = 0;
    urgent_ = false;
  }
  refuse_all(late, not_writing());
  const Status recovered = storage_.recover();
  {
    const MutexLock lock(mutex_);
    recovering_ = false;
  }
  if (!recovered) {
    const bool reading = storage_.is_reading_only();
    if (reading) patience_ = std::max<Clock::duration>(patience_, kFirstRetryWhileReading);
    next_attempt_ = Clock::now() + patience_;
    patience_ =
        std::min<Clock::duration>(patience_ * 2, reading ? kLastRetryWhileReading : kLastRetry);
    if (last_failure_ != recovered.error().cause)
      log::error("storage: writing is still not possible: {}", recovered.error().cause);
    last_failure_ = recovered.error().cause;
    return;
  }
  broken_ = false;
  alarmed_ = false;  // An alarm of the database that was closed.
  batch_.drop();
  log::info("storage: writing again");
}

void Committer::refuse_all(std::vector<Job>& jobs, const Error& why) {
  for (Job& job : jobs) refuse(job, why);
}

void Committer::refuse(Job& job, const Error& why) {
  if (auto* commit = std::get_if<CommitJob>(&job.work)) {
    answers_.push_back(
        {commit->commit.partition, std::move(commit->done), std::unexpected(why), commit->given});
    tell(nullptr);
  } else if (auto* hold = std::get_if<HoldJob>(&job.work)) {
    hold->done->set_value(std::unexpected(why));
  } else if (auto* unhold = std::get_if<UnholdJob>(&job.work)) {
    unhold->done->set_value(std::unexpected(why));
  } else if (auto* erase = std::get_if<EraseJob>(&job.work)) {
    erase->done->set_value(std::unexpected(why));
  } else if (auto* clear = std::get_if<ClearJob>(&job.work)) {
    clear->done->set_value(std::unexpected(why));
  }
}

}  // namespace posthorn::engine::rocks
