#include "engine/rados/commit/committer.h"

#include <algorithm>

#include "async/loop.h"
#include "async/start.h"
#include "base/log.h"
#include "engine/limits.h"
#include "engine/rados/commit/carry.h"
#include "engine/rados/commit/guarded_write.h"
#include "engine/rados/reads.h"
#include "engine/rados/together.h"

namespace posthorn::engine::rados {
namespace {

// Beyond these, commits are refused as unavailable.
constexpr std::size_t kWaitingBytes = 128UL << 20;
constexpr std::size_t kWaitingJobs = 1UL << 17;
constexpr std::size_t kWaitingHints = 1000;
/// Of one write. Ceph refuses more than 90 MB.
constexpr std::size_t kBatchBytes = 16UL << 20;
/// As many as there are numbers of commits in the header.
constexpr std::size_t kBatchJobs = Header::kIds;
/// Headers that are remembered, at some 400 octets each.
constexpr std::size_t kKnownHeaders = 100'000;

}  // namespace

Committer::Committer(Connection& connection, EngineMeter* meter, Ring ring)
    : connection_(connection), meter_(meter), ring_(std::move(ring)) {}

Committer::~Committer() = default;

void Committer::commit(Commit commit, CommitDone done) {
  const PartitionId partition = commit.partition;
  const std::size_t bytes = bytes_of(commit);
  Job job{std::move(commit), std::move(done), Clock::now(), bytes};
  {
    MutexLock lock(mutex_);
    const bool full =
        unanswered_ > 0 && (waiting_bytes_ + bytes > kWaitingBytes || unanswered_ >= kWaitingJobs);
    if (closed_ || full) {
      const bool closed = closed_;
      lock.unlock();
      job.done(fail(ErrorKind::unavailable,
                    closed ? "the engine is closed" : "too many changes are waiting"));
      return;
    }
    ++unanswered_;
    waiting_bytes_ += bytes;
    Line& line = lines_[partition];
    if (line.telling) {  // It may have been computed from one that failed.
      line.failed.push_back(std::move(job));
      return;
    }
    line.jobs.push_back(std::move(job));
    if (std::exchange(line.running, true)) return;
  }
  in_background(run(partition));
}

/// Runs the task without anybody waiting for it. It belongs to no loop: what it awaits resumes it
/// on a thread of librados.
void Committer::in_background(async::Task<void> task) {
  {
    const MutexLock lock(mutex_);
    ++tasks_;
  }
  const async::OffLoop off;
  async::detail::start(std::move(task), [this] {
    const MutexLock lock(mutex_);
    if (--tasks_ == 0) idle_.notify_all();
  });
}

async::Task<void> Committer::run(PartitionId partition) {
  for (;;) {
    std::vector<Job> batch;
    {
      const MutexLock lock(mutex_);
      const auto line = lines_.find(partition);
      if (line->second.jobs.empty()) {
        line->second.running = false;
        if (lines_.size() > kKnownHeaders) lines_.erase(line);
        co_return;
      }
      batch = take_batch(line->second);
    }
    co_await run_batch(partition, std::move(batch));
  }
}

std::vector<Committer::Job> Committer::take_batch(Line& line) {
  std::vector<Job> batch;
  std::size_t bytes = 0;
  while (!line.jobs.empty() && batch.size() < kBatchJobs) {
    Job& next = line.jobs.front();
    if (!batch.empty()) {
      const bool follows = next.commit.expect.revision == batch.back().commit.expect.revision + 1 &&
                           next.commit.carry.new_mail == batch.back().commit.carry.new_mail &&
                           !next.spoiled && bytes + next.bytes <= kBatchBytes &&
                           check_limits(next.commit);
      if (!follows) break;
    }
    bytes += next.bytes;
    batch.push_back(std::move(next));
    line.jobs.pop_front();
  }
  return batch;
}

/// The partition's header, read if the one that is known is not of the wanted revision.
async::Task<Result<Header>> Committer::find_header(PartitionId partition, std::uint64_t revision) {
  {
    const MutexLock lock(mutex_);
    const std::optional<Header>& known = lines_[partition].known;
    if (known && known->version.revision == revision) co_return *known;
  }
  auto read = co_await read_header(connection_, partition);
  if (read) {
    const MutexLock lock(mutex_);
    lines_[partition].known = *read;
  }
  co_return read;
}

async::Task<void> Committer::run_batch(PartitionId partition, std::vector<Job> batch) {
  const std::uint64_t revision = batch.front().commit.expect.revision;
  auto header = co_await find_header(partition, revision);
  if (!header) {
    co_await fail_line(partition, std::move(batch), std::move(header.error()), {});
    co_return;
  }
  std::optional<Error> wrong = std::exchange(batch.front().spoiled, {});
  if (Status ok = check_limits(batch.front().commit); !ok && !wrong) wrong = ok.error();
  if (!wrong && header->version.revision != revision) wrong = conflict_at(header->version).error();
  if (wrong) {
    co_await fail_line(partition, std::move(batch), std::move(*wrong), header->version);
    co_return;
  }
  co_await write_all_ahead(partition, batch);
  if (batch.front().spoiled) {
    Error error = std::move(*batch.front().spoiled);
    co_await fail_line(partition, std::move(batch), std::move(error), header->version);
    co_return;
  }
  std::vector<const Commit*> commits;
  for (const Job& job : batch) commits.push_back(&job.commit);
  Written written = co_await write_guarded(connection_, partition, commits, *header);
  {
    const MutexLock lock(mutex_);
    lines_[partition].known = written.header;
  }
  if (!written.outcome) {
    const PartitionVersion found = written.header ? written.header->version : header->version;
    co_await fail_line(partition, std::move(batch), std::move(written.outcome.error()), found);
    co_return;
  }
  CarryCleanUp work = CarryCleanUp::after(commits);
  std::vector<PieceName> passing = std::exchange(work.passing, {});
  co_await clean_up(connection_, partition, std::move(work));
  if (!passing.empty()) in_background(forget_passing(connection_, partition, std::move(passing)));
  succeed(partition, std::move(batch), header->version);
}

async::Task<void> Committer::write_ahead(Connection& connection, Job& job) {
  if (job.is_written_ahead || !carries(job.commit.carry)) co_return;
  Status written = co_await write_carry(connection, job.commit);
  job.is_written_ahead = true;
  if (!written) job.spoiled = std::move(written.error());
}

/// Stores what the commits carry. If one of them fails in this, it and those after it are taken out
/// of the batch, unless it is the first.
async::Task<void> Committer::write_all_ahead(PartitionId partition, std::vector<Job>& batch) {
  co_await for_each_of(batch.size(),
                       [&](std::size_t i) { return write_ahead(connection_, batch[i]); });
  std::size_t good = 0;
  while (good < batch.size() && !batch[good].spoiled) ++good;
  if (good == batch.size()) co_return;
  const std::size_t kept = std::max<std::size_t>(good, 1);
  const MutexLock lock(mutex_);
  Line& line = lines_[partition];
  while (batch.size() > kept) {
    line.jobs.push_front(std::move(batch.back()));
    batch.pop_back();
  }
}

void Committer::succeed(const PartitionId& partition, std::vector<Job> batch,
                        PartitionVersion before) {
  for (Job& job : batch) {
    before = before.after(job.commit.advance);
    answer(job, before);
    ring_(partition, before);
  }
}

void Committer::answer(Job& job, Result<PartitionVersion> outcome) {
  if (meter_ != nullptr) {
    meter_->commits.add(Clock::now() - job.given);
    if (!outcome) meter_->failed.add();
  }
  std::exchange(job.done, {})(std::move(outcome));
  const MutexLock lock(mutex_);
  --unanswered_;
  waiting_bytes_ -= job.bytes;
}

async::Task<void> Committer::fail_line(PartitionId partition, std::vector<Job> batch, Error error,
                                       PartitionVersion found) {
  // After an error that is no refusal, the commit may be stored; then its pages must be there.
  const bool is_dead = error.kind != ErrorKind::io && error.kind != ErrorKind::unavailable;
  if (is_dead)
    for (const Job& job : batch)
      if (job.is_written_ahead) co_await drop_carry(connection_, partition, job.commit);
  MutexLock lock(mutex_);
  Line& line = lines_[partition];
  for (Job& job : batch) line.failed.push_back(std::move(job));
  for (Job& job : line.jobs) line.failed.push_back(std::move(job));
  line.jobs.clear();
  line.telling = true;
  Result<PartitionVersion> outcome = std::unexpected(std::move(error));
  while (!line.failed.empty()) {
    Job job = std::move(line.failed.front());
    line.failed.pop_front();
    line.telling = !line.failed.empty();
    lock.unlock();
    answer(job, std::exchange(outcome, conflict_at(found)));
    lock.lock();
  }
}

void Committer::hint(const PartitionId& partition, std::vector<Edit> edits) {
  if (!check_limits(edits)) return;
  {
    const MutexLock lock(mutex_);
    if (closed_) return;
    if (hints_ >= kWaitingHints) {
      log::debug("storage: a hint was dropped because too many are waiting");
      return;
    }
    ++hints_;
  }
  in_background(write_hint(partition, std::move(edits)));
}

async::Task<void> Committer::write_hint(PartitionId partition, std::vector<Edit> edits) {
  std::vector<const Edit*> in_order;
  for (const Edit& edit : edits) in_order.push_back(&edit);
  WriteOp op;
  op.create(false);
  add_edits(op, in_order, {});
  static_cast<void>(
      co_await connection_.write(Pool::rows, partition_object(partition), std::move(op)));
  const MutexLock lock(mutex_);
  --hints_;
}

void Committer::learn(const PartitionId& partition, const Header& header) {
  const MutexLock lock(mutex_);
  auto line = lines_.find(partition);
  if (line == lines_.end()) {
    if (lines_.size() >= kKnownHeaders) return;
    line = lines_.try_emplace(partition).first;
  }
  if (!line->second.running) line->second.known = header;
}

void Committer::stop() {
  const MutexLock lock(mutex_);
  closed_ = true;
  while (unanswered_ > 0 || tasks_ > 0) idle_.wait(mutex_);
}

}  // namespace posthorn::engine::rados
