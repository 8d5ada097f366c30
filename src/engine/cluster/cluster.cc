#include "engine/cluster/cluster.h"

#include <algorithm>

#include "engine/cluster/cluster_state.h"

namespace posthorn::engine {

Timeline::Timeline() : thread_([this] { run(); }) {}

Timeline::~Timeline() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  waiting_.notify_one();
  thread_.join();
}

void Timeline::after(std::chrono::microseconds delay, std::function<void()> call) {
  {
    const MutexLock lock(mutex_);
    entries_.push({Clock::now() + delay, next_++, std::move(call)});
  }
  waiting_.notify_one();
}

void Timeline::run() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    if (entries_.empty()) {
      waiting_.wait(mutex_);
      continue;
    }
    const Clock::time_point at = entries_.top().at;
    if (at > Clock::now()) {
      waiting_.wait_until(mutex_, at);
      continue;
    }
    std::function<void()> call = entries_.top().call;
    entries_.pop();
    lock.unlock();
    call();
    call = nullptr;
    lock.lock();
  }
}

bool Cluster::State::draw(unsigned of_a_thousand) {
  const MutexLock lock(random_mutex);
  return random_() % 1000 < of_a_thousand;
}

std::uint64_t Cluster::State::draw_id() {
  const MutexLock lock(random_mutex);
  return random_() | 1U;  // Never 0, which stands for none.
}

std::chrono::microseconds Cluster::State::draw_delay() {
  const MutexLock lock(random_mutex);
  const auto longest = static_cast<std::uint64_t>(faults_.longest_delay.count());
  return std::chrono::microseconds(random_() % (longest + 1));
}

Cluster::State::Fate Cluster::State::draw_fate() {
  const MutexLock lock(random_mutex);
  std::uint64_t number = random_() % 1000;
  for (const auto& [share, fate] :
       {std::pair(faults_.lost_requests, Fate::lost), std::pair(faults_.lost_answers, Fate::silent),
        std::pair(faults_.late_requests, Fate::late)}) {
    if (number < share) return fate;
    number -= share;
  }
  return Fate::answered;
}

Cluster::State::Guard Cluster::State::guard_of(const PartitionId& partition) {
  const MutexLock lock(store_mutex_);
  return partitions_[partition].guard;
}

Cluster::State::Reply Cluster::State::serve(const Request& request) {
  Reply reply;
  {
    const MutexLock lock(store_mutex_);
    Partition& partition = partitions_[request.partition];
    const std::uint64_t next = request.expected.version.revision + 1;
    if (!partition.guard.is(request.expected)) {
      const auto made = partition.made_by.find(next);
      reply.kind = Reply::Kind::refused;
      reply.now = partition.guard;
      reply.next_made_by = made == partition.made_by.end() ? 0 : made->second;
      return reply;
    }
    if (!request.commit) {
      ++partition.guard.bumps;
      reply.now = partition.guard;
      return reply;
    }
    // Nobody else commits to the inner engine, so that it answers at once.
    Commit commit = *request.commit;
    commit.expect = partition.guard.version;
    std::optional<Result<PartitionVersion>> outcome;
    inner.commit(std::move(commit), [&](Result<PartitionVersion> r) { outcome = std::move(r); });
    if (!*outcome) {
      reply.kind = Reply::Kind::failed;
      reply.error = outcome->error();
      reply.now = partition.guard;
      return reply;
    }
    partition.guard.version = **outcome;
    partition.made_by[next] = request.id;
    reply.now = partition.guard;
  }
  ring({request.partition, reply.now.version, false});
  return reply;
}

void Cluster::State::ring(const Bell& bell) {
  std::vector<std::shared_ptr<Ear>> ears;
  {
    const MutexLock lock(ears_mutex_);
    ears = ears_;
  }
  unsigned lost = 0;
  {
    const MutexLock lock(random_mutex);
    lost = faults_.lost_bells;
  }
  for (const std::shared_ptr<Ear>& ear : ears) {
    if (draw(lost)) continue;
    timeline.after(draw_delay(), [ear, bell] { ear->hear(bell); });
  }
}

void Cluster::State::Ear::hear(const Bell& bell) {
  const MutexLock lock(mutex);
  std::uint64_t& last = heard[bell.partition];
  if (bell.version.revision <= last) return;
  last = bell.version.revision;
  if (listener) listener(bell);
}

void Cluster::State::add(const std::shared_ptr<Ear>& ear) {
  const MutexLock lock(ears_mutex_);
  ears_.push_back(ear);
}

void Cluster::State::remove(const std::shared_ptr<Ear>& ear) {
  const MutexLock lock(ears_mutex_);
  std::erase(ears_, ear);
}

Cluster::Cluster(const ClusterFaults& faults) : state_(std::make_shared<State>(faults)) {}
Cluster::~Cluster() = default;

void Cluster::calm_down() {
  const MutexLock lock(state_->random_mutex);
  ClusterFaults& faults = state_->faults_;
  faults.lost_requests = faults.lost_answers = faults.late_requests = faults.lost_bells = 0;
}

Cluster::Counts Cluster::counts() const {
  const MutexLock lock(state_->counts_mutex);
  return state_->counts;
}

}  // namespace posthorn::engine
