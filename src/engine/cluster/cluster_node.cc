#include "engine/cluster/cluster_node.h"

#include "engine/limits.h"

/// Commits: how they are sent, and what is made of the answers.
namespace posthorn::engine {

ClusterNode::ClusterNode(std::shared_ptr<Cluster::State> state) : state_(std::move(state)) {
  state_->add(ear_);
}

ClusterNode::~ClusterNode() {
  close();
  listen(nullptr);
  state_->remove(ear_);
  // Answers that nobody waits for any more may still be on their way.
  const MutexLock lock(mutex_);
  while (calls_ > 0) idle_.wait(mutex_);
}

std::unique_ptr<Engine> Cluster::make_node() { return std::make_unique<ClusterNode>(state_); }

void ClusterNode::commit(Commit commit, CommitDone done) {
  MutexLock lock(mutex_);
  if (closed_) {
    lock.unlock();
    done(fail(ErrorKind::unavailable, "the engine is closed"));
    return;
  }
  const PartitionId partition = commit.partition;
  Line& line = lines_[partition];
  Job job{std::make_shared<const Commit>(std::move(commit)), std::move(done)};
  ++unanswered_;
  // It may have been computed from one that failed.
  if (line.telling) {
    line.failed.push_back(std::move(job));
    return;
  }
  line.jobs.push_back(std::move(job));
  if (line.jobs.size() == 1) start(partition);
}

void ClusterNode::start(const PartitionId& partition) {
  Line& line = lines_[partition];
  line.expected = state_->guard_of(partition);
  line.id = state_->draw_id();
  line.taking_place = false;
  const std::uint64_t computed_from = line.jobs.front().commit->expect.revision;
  if (line.expected.version.revision != computed_from) {
    // Sent as it is, so that the refusal takes its time.
    line.expected.version = line.jobs.front().commit->expect;
  }
  send(partition, line);
}

/// Sends the first commit of the line, or what takes its place.
void ClusterNode::send(const PartitionId& partition, Line& line) {
  using Fate = Cluster::State::Fate;
  const std::uint64_t attempt = ++line.attempt;
  const Request request{line.id, partition, line.expected,
                        line.taking_place ? nullptr : line.jobs.front().commit};
  const Fate fate = state_->draw_fate();
  std::chrono::microseconds patience;
  {
    const MutexLock lock(state_->random_mutex);
    patience = state_->faults_.patience;
  }
  if (fate == Fate::answered) {
    ++calls_;
    state_->timeline.after(state_->draw_delay(), [this, partition, attempt, request] {
      Reply reply = state_->serve(request);
      state_->timeline.after(state_->draw_delay(), [this, partition, attempt, reply] {
        answered(partition, attempt, reply);
      });
    });
    return;
  }
  if (fate != Fate::lost) {
    // Nothing of this node is used: it may be gone when the request arrives.
    const auto delay = state_->draw_delay() + (fate == Fate::late ? 2 * patience : patience * 0);
    state_->timeline.after(delay, [state = state_.get(), request] { state->serve(request); });
  }
  // An answer is never later than this, so who gets one does not give up.
  ++calls_;
  state_->timeline.after(patience, [this, partition, attempt] { waited(partition, attempt); });
}

void ClusterNode::answered(const PartitionId& partition, std::uint64_t attempt,
                           const Reply& reply) {
  MutexLock lock(mutex_);
  Line& line = lines_[partition];
  if (line.attempt == attempt && !line.jobs.empty() && line.id != 0)
    if (auto outcome = judge(partition, line, reply)) finish(partition, std::move(*outcome));
  --calls_;
  idle_.notify_all();
}

/// Gives up waiting for an answer.
void ClusterNode::waited(const PartitionId& partition, std::uint64_t attempt) {
  const MutexLock lock(mutex_);
  Line& line = lines_[partition];
  if (line.attempt == attempt && !line.jobs.empty() && line.id != 0) {
    line.taking_place = true;
    send(partition, line);
  }
  --calls_;
  idle_.notify_all();
}

std::optional<ClusterNode::Outcome> ClusterNode::judge(const PartitionId& partition, Line& line,
                                                       const Reply& reply) {
  const Commit& commit = *line.jobs.front().commit;
  if (reply.kind == Reply::Kind::failed) return std::unexpected(reply.error);
  if (reply.kind == Reply::Kind::done) {
    if (!line.taking_place) return reply.now.version;
    return conflict_at(reply.now.version);  // What was given up is outdated for ever.
  }
  if (line.taking_place && reply.next_made_by == line.id)
    return line.expected.version.after(commit.advance);
  if (!line.taking_place && reply.now.version.revision == commit.expect.revision) {
    // Somebody has only taken a place. The rows are still right.
    line.expected = reply.now;
    send(partition, line);
    return std::nullopt;
  }
  return conflict_at(reply.now.version);
}

void ClusterNode::count(const Outcome& outcome, bool given_up) {
  const MutexLock lock(state_->counts_mutex);
  Cluster::Counts& counts = state_->counts;
  counts.commits += outcome ? 1 : 0;
  counts.conflicts += !outcome && outcome.error().kind == ErrorKind::conflict ? 1 : 0;
  counts.unanswered += given_up ? 1 : 0;
  counts.applied += given_up && outcome ? 1 : 0;
}

// The commits that were given before a failure is told fail too, in their order.
void ClusterNode::finish(const PartitionId& partition, Outcome outcome) {
  Line& line = lines_[partition];
  count(outcome, line.taking_place);
  line.id = 0;
  if (outcome) {
    Job job = std::move(line.jobs.front());
    line.jobs.pop_front();
    if (!line.jobs.empty()) start(partition);
    mutex_.unlock();
    job.done(std::move(outcome));
    mutex_.lock();
    --unanswered_;
    return;
  }
  line.failed = std::exchange(line.jobs, {});
  line.telling = true;
  const PartitionVersion found = state_->guard_of(partition).version;
  while (!line.failed.empty()) {
    Job job = std::move(line.failed.front());
    line.failed.pop_front();
    line.telling = !line.failed.empty();
    mutex_.unlock();
    job.done(std::exchange(outcome, conflict_at(found)));
    mutex_.lock();
    --unanswered_;
  }
}

Status ClusterNode::check_open() const {
  const MutexLock lock(mutex_);
  if (closed_) return fail(ErrorKind::unavailable, "the engine is closed");
  return {};
}

void ClusterNode::close() {
  const MutexLock lock(mutex_);
  closed_ = true;
  while (unanswered_ > 0) idle_.wait(mutex_);
}

}  // namespace posthorn::engine
