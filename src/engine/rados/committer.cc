#include "engine/rados/committer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include "async/loop.h"
#include "async/start.h"
#include "base/log.h"
#include "engine/limits.h"
#include "engine/rados/pages.h"
#include "engine/rados/pieces.h"
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

std::uint64_t random_number() {
  const PartitionId random = random_partition_id();
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8 | random.bytes[i];
  return number;
}

std::int64_t now_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool carries(const Carry& carry) {
  return !carry.pages.empty() || !carry.holds.empty() || !carry.candidates.empty();
}

/// The holds of one piece are one.
std::vector<PieceHold> merged(const std::vector<PieceHold>& holds) {
  std::vector<PieceHold> out;
  for (const PieceHold& hold : holds) {
    const auto same = std::ranges::find(out, hold.name, &PieceHold::name);
    if (same == out.end()) {
      out.push_back(hold);
      continue;
    }
    same->stamp = std::max(same->stamp, hold.stamp);
    if (same->bytes.empty()) same->bytes = hold.bytes;
  }
  return out;
}

/// Writes what a commit carries. Pieces that it holds without bytes are looked for first, so that a
/// commit that fails for one that is gone leaves nothing behind.
async::Task<Status> write_carry(Connection& connection, const Commit& commit) {
  const std::vector<PieceHold> holds = merged(commit.carry.holds);
  std::vector<Status> present(holds.size());
  co_await for_each_of(holds.size(), [&](std::size_t i) -> async::Task<void> {
    if (!holds[i].bytes.empty()) co_return;
    const auto exists = co_await piece_exists(connection, holds[i].name);
    if (!exists) {
      present[i] = std::unexpected(exists.error());
    } else if (!*exists) {
      present[i] = check_writable(holds[i]);
    }
  });
  for (Status& status : present)
    if (!status) co_return std::move(status);

  const std::int64_t now = now_seconds();
  std::vector<Candidate> passing;
  for (const PieceHold& hold : holds)
    if (!hold.bytes.empty()) passing.push_back({commit.partition, hold.name, hold.stamp});
  std::map<PieceName, Candidate> kept;
  for (const Candidate& candidate : commit.carry.candidates)
    kept[candidate.piece] = {commit.partition, candidate.piece, candidate.stamp};
  std::vector<Candidate> kept_list;
  for (const auto& [piece, candidate] : kept) kept_list.push_back(candidate);

  std::vector<async::Task<Status>> writes;
  if (!commit.carry.pages.empty())
    writes.push_back(write_pages(connection, commit.partition, commit.carry.pages));
  if (!passing.empty())
    writes.push_back(add_candidates(connection, CandidateKind::passing, std::move(passing), now));
  if (!kept_list.empty())
    writes.push_back(add_candidates(connection, CandidateKind::kept, std::move(kept_list), now));
  for (const PieceHold& hold : holds)
    writes.push_back(hold_piece(connection, hold, commit.partition));
  if (writes.empty()) co_return Status();
  co_return co_await all_of(std::move(writes));
}

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
  co_await write_ahead(partition, batch);
  if (batch.front().spoiled) {
    Error error = std::move(*batch.front().spoiled);
    co_await fail_line(partition, std::move(batch), std::move(error), header->version);
    co_return;
  }
  Status written = co_await write(partition, batch, *header);
  if (!written) {
    PartitionVersion found = header->version;
    {
      const MutexLock lock(mutex_);
      if (const auto& known = lines_[partition].known) found = known->version;
    }
    co_await fail_line(partition, std::move(batch), std::move(written.error()), found);
    co_return;
  }
  co_await clean_up(partition, batch);
  succeed(partition, std::move(batch), header->version);
}

/// Stores what the commits carry. If one of them fails in this, it and those after it are taken out
/// of the batch, unless it is the first.
async::Task<void> Committer::write_ahead(PartitionId partition, std::vector<Job>& batch) {
  co_await for_each_of(batch.size(), [&](std::size_t i) -> async::Task<void> {
    Job& job = batch[i];
    if (job.is_written_ahead || !carries(job.commit.carry)) co_return;
    Status written = co_await write_carry(connection_, job.commit);
    job.is_written_ahead = true;
    if (!written) job.spoiled = std::move(written.error());
  });
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

namespace {

/// One after another, the last edit of a key counts.
void add_edits(WriteOp& op, const std::vector<const Commit*>& commits, std::string header) {
  std::map<std::string_view, const Edit*> last;
  for (const Commit* commit : commits)
    for (const Edit& edit : commit->edits) last[edit.key] = &edit;
  std::vector<Row> rows;
  std::vector<std::string> removed;
  rows.push_back({std::string(kHeaderRow), std::move(header)});
  for (const auto& [key, edit] : last) {
    if (edit->value) {
      rows.push_back({row_name(key), *edit->value});
    } else {
      removed.push_back(row_name(key));
    }
  }
  op.set_rows(rows).remove_rows(removed);
}

/// Whether a code of a write means that it was looked at and refused, so that it never takes
/// effect.
bool is_refusal(int code) {
  switch (-code) {
    case ENOSPC:
    case EDQUOT:
    case EPERM:
    case EACCES:
    case EMSGSIZE:
    case EFBIG:
    case EINVAL:
    case EOPNOTSUPP:
    case ENAMETOOLONG: return true;
    default: return false;
  }
}

}  // namespace

async::Task<Status> Committer::write(PartitionId partition, const std::vector<Job>& batch,
                                     Header from) {
  std::vector<const Commit*> commits;
  std::vector<std::uint64_t> ids;
  PartitionVersion version = from.version;
  for (const Job& job : batch) {
    commits.push_back(&job.commit);
    ids.insert(ids.begin(), random_number());
    version = version.after(job.commit.advance);
  }
  const std::uint64_t first_id = ids.back();
  const std::uint64_t first_revision = from.version.revision + 1;
  const std::string object = partition_object(partition);
  bool taking_place = false;
  for (int attempt = 0;; ++attempt) {
    Header next = from;
    WriteOp op;
    op.create(false).compare_row(kHeaderRow, from.encode());
    if (taking_place) {
      next.bump = random_number();
      op.set_row(std::string(kHeaderRow), next.encode());
    } else {
      next.version = version;
      next.ids.insert(next.ids.begin(), ids.begin(), ids.end());
      next.ids.resize(std::min(next.ids.size(), Header::kIds));
      add_edits(op, commits, next.encode());
    }
    const Answer answer = co_await connection_.write(Pool::rows, object, std::move(op),
                                                     Connection::Patience::endless);
    if (answer.code == 0) {
      {
        const MutexLock lock(mutex_);
        lines_[partition].known = next;
      }
      // What was given up can never take effect any more.
      if (taking_place) co_return conflict_at(next.version);
      co_return Status();
    }
    if (is_refusal(answer.code) && !taking_place)
      co_return std::unexpected(error_of(answer.code, fmt::format("writing '{}'", object)));
    // Somebody was faster; or Ceph has forgotten that it was this one; or nobody knows.
    auto now = co_await read_header(connection_, partition);
    constexpr int kMaxAttempts = 30;
    if (!now || attempt == kMaxAttempts) {
      {
        const MutexLock lock(mutex_);
        lines_[partition].known.reset();
      }
      // Not unavailable: it may be stored.
      Error error = error_of(answer.code, fmt::format("writing '{}'", object));
      error.kind = ErrorKind::io;
      co_return std::unexpected(std::move(error));
    }
    {
      const MutexLock lock(mutex_);
      lines_[partition].known = *now;
    }
    if (now->version.revision >= first_revision) {
      const auto maker = now->maker_of(first_revision);
      if (maker && *maker == first_id) co_return Status();
      if (maker) co_return conflict_at(now->version);
      log::error("storage: nobody can tell any more whether a change of partition {} was stored",
                 to_hex(partition));
      co_return fail(ErrorKind::io, "it is not known whether a change was stored");
    }
    // The rows are still right. If the write may still be under way, nothing may be sent again that
    // it could come after.
    taking_place = taking_place || answer.code != -ECANCELED;
    from = std::move(*now);
  }
}

/// What follows from the commits that took effect, before anybody is told of them.
async::Task<void> Committer::clean_up(PartitionId partition, const std::vector<Job>& batch) {
  std::vector<PageNumber> dropped;
  std::set<PieceName> used;
  std::vector<PieceName> passing;
  for (const Job& job : batch) {
    const Carry& carry = job.commit.carry;
    dropped.insert(dropped.end(), carry.dropped_pages.begin(), carry.dropped_pages.end());
    for (const PieceHold& hold : carry.holds)
      if (hold.bytes.empty()) used.insert(hold.name);
    for (const Candidate& candidate : carry.candidates) used.erase(candidate.piece);
    for (const PieceHold& hold : carry.holds)
      if (!hold.bytes.empty()) passing.push_back(hold.name);
  }
  std::vector<async::Task<Status>> work;
  if (!dropped.empty()) work.push_back(remove_pages(connection_, partition, std::move(dropped)));
  if (!used.empty())
    work.push_back(
        remove_candidates(connection_, CandidateKind::kept, partition, {used.begin(), used.end()}));
  // Whatever fails here stays behind, and is found by the sweep.
  if (!work.empty()) static_cast<void>(co_await all_of(std::move(work)));
  if (passing.empty()) co_return;
  in_background([](Connection& connection, PartitionId holder,
                   std::vector<PieceName> pieces) -> async::Task<void> {
    static_cast<void>(
        co_await remove_candidates(connection, CandidateKind::passing, holder, std::move(pieces)));
  }(connection_, partition, std::move(passing)));
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

/// Removes the pages of a commit that did not take effect. Its pieces are candidates, which the
/// sweep finds.
async::Task<void> Committer::drop_written(PartitionId partition, const Job& job) {
  if (!job.is_written_ahead || job.commit.carry.pages.empty()) co_return;
  std::vector<PageNumber> numbers;
  for (const PageWrite& page : job.commit.carry.pages) numbers.push_back(page.number);
  static_cast<void>(co_await remove_pages(connection_, partition, std::move(numbers)));
}

async::Task<void> Committer::fail_line(PartitionId partition, std::vector<Job> batch, Error error,
                                       PartitionVersion found) {
  // After an error that is no refusal, the commit may be stored; then its pages must be there.
  const bool is_dead = error.kind != ErrorKind::io && error.kind != ErrorKind::unavailable;
  if (is_dead)
    for (const Job& job : batch) co_await drop_written(partition, job);
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
  in_background([](Committer& self, PartitionId id, std::vector<Edit> rows) -> async::Task<void> {
    std::map<std::string_view, const Edit*> last;
    for (const Edit& edit : rows) last[edit.key] = &edit;
    std::vector<Row> set;
    std::vector<std::string> removed;
    for (const auto& [key, edit] : last) {
      if (edit->value) {
        set.push_back({row_name(key), *edit->value});
      } else {
        removed.push_back(row_name(key));
      }
    }
    WriteOp op;
    op.create(false).set_rows(set).remove_rows(removed);
    static_cast<void>(
        co_await self.connection_.write(Pool::rows, partition_object(id), std::move(op)));
    const MutexLock lock(self.mutex_);
    --self.hints_;
  }(*this, partition, std::move(edits)));
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
