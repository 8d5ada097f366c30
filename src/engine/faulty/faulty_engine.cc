#include "engine/faulty/faulty_engine.h"

#include <cstdlib>
#include <future>
#include <thread>

#include "engine/limits.h"

namespace posthorn::engine {
namespace {

constexpr std::size_t kUnlimited = ~std::size_t{0};

template <class Plan>
auto next_of(std::optional<Plan>& plan) -> std::optional<decltype(plan->fault)> {
  if (!plan) return std::nullopt;
  if (plan->skip > 0) {
    --plan->skip;
    return std::nullopt;
  }
  auto fault = plan->fault;
  if (--plan->count == 0) plan.reset();
  return fault;
}

/// Data whose write was acknowledged must not be lost by this wrapper itself.
void must(const Status& written) {
  if (!written && written.error().kind != ErrorKind::unavailable) std::abort();
}

Error error_of(CommitFault fault) {
  return {ErrorKind::io,
          fault == CommitFault::disk_full ? "the disk is full" : "the storage engine failed",
          "a fault was asked for"};
}

}  // namespace

// Faults.

void FaultyEngine::fail_commits(CommitFault fault, std::size_t count, std::size_t skip) {
  const MutexLock lock(mutex_);
  commit_plan_ = count ? std::optional(Plan<CommitFault>{fault, skip, count}) : std::nullopt;
}

void FaultyEngine::fail_reads(Error error, std::size_t count, std::size_t skip) {
  const MutexLock lock(mutex_);
  read_plan_ = count ? std::optional(Plan<Error>{std::move(error), skip, count}) : std::nullopt;
}

void FaultyEngine::fail_writes(Error error, std::size_t count, std::size_t skip) {
  const MutexLock lock(mutex_);
  write_plan_ = count ? std::optional(Plan<Error>{std::move(error), skip, count}) : std::nullopt;
}

void FaultyEngine::set_cached_reads(CachedReads how) {
  const MutexLock lock(mutex_);
  cached_reads_ = how;
}

void FaultyEngine::set_delay(std::chrono::milliseconds delay) {
  const MutexLock lock(mutex_);
  delay_ = delay;
}

void FaultyEngine::at(std::string point, std::function<void()> hook) {
  const MutexLock lock(mutex_);
  hooks_[std::move(point)] = std::move(hook);
}

void FaultyEngine::passing(std::string_view point) {
  std::function<void()> hook;
  {
    const MutexLock lock(mutex_);
    if (const auto it = hooks_.find(point); it != hooks_.end()) hook = it->second;
  }
  if (hook) hook();
}

void FaultyEngine::pause() {
  std::chrono::milliseconds delay;
  {
    const MutexLock lock(mutex_);
    delay = delay_;
  }
  if (delay.count() > 0) std::this_thread::sleep_for(delay);
}

Status FaultyEngine::check_up() const {
  if (crashed_) return fail(ErrorKind::unavailable, "the engine has crashed");
  return {};
}

async::Task<void> FaultyEngine::leave() {
  bool here = async::Loop::current() == nullptr;
  if (!here) {
    const MutexLock lock(mutex_);
    here = delay_.count() == 0 && cached_reads_ == CachedReads::pass;
  }
  if (here) {
    if (async::Loop::current() == nullptr) pause();
    co_return;
  }
  co_await async::offload(pool_, [this] { pause(); });
}

Status FaultyEngine::meet_fault() {
  const MutexLock lock(mutex_);
  if (Status up = check_up(); !up) return up;
  if (auto error = next_of(read_plan_)) return std::unexpected(std::move(*error));
  return {};
}

Status FaultyEngine::before_blocking_read() {
  pause();
  return meet_fault();
}

Status FaultyEngine::before_try() {
  {
    const MutexLock lock(mutex_);
    if (Status up = check_up(); !up) return up;
    if (cached_reads_ == CachedReads::would_block)
      return fail(ErrorKind::would_block, "not in the cache");
  }
  return meet_fault();
}

Status FaultyEngine::before_write(std::string_view point) {
  passing(point);
  pause();
  const MutexLock lock(mutex_);
  if (Status up = check_up(); !up) return up;
  if (auto error = next_of(write_plan_)) return std::unexpected(std::move(*error));
  return {};
}

// Commits.

void FaultyEngine::hold_back() {
  const MutexLock lock(mutex_);
  allowed_ = 0;
}

void FaultyEngine::let_go(std::size_t count) {
  MutexLock lock(mutex_);
  allowed_ = std::min(count, queue_.size());
  pump();
}

void FaultyEngine::let_all_go() {
  MutexLock lock(mutex_);
  allowed_ = kUnlimited;
  pump();
}

std::size_t FaultyEngine::held_back() const {
  const MutexLock lock(mutex_);
  return queue_.size();
}

void FaultyEngine::commit(Commit commit, CommitDone done) {
  pause();
  MutexLock lock(mutex_);
  if (Status up = check_up(); !up) {
    lock.unlock();
    done(pass(up));
    return;
  }
  queue_.push_back({std::move(commit), std::move(done)});
  pump();
}

void FaultyEngine::pump() {
  if (pumping_) return;  // The caller in progress will see what was added or allowed.
  pumping_ = true;
  while (allowed_ > 0 && !queue_.empty()) {
    Waiting next = std::move(queue_.front());
    queue_.pop_front();
    if (allowed_ != kUnlimited) --allowed_;
    mutex_.unlock();
    passing("commit");
    pass_on(std::move(next));
    mutex_.lock();
  }
  pumping_ = false;
}

void FaultyEngine::pass_on(Waiting waiting) {
  const std::scoped_lock order(order_mutex_);
  const PartitionId partition = waiting.commit.partition;
  std::optional<CommitFault> fault;
  MutexLock lock(mutex_);
  if (crashed_) {
    lock.unlock();
    waiting.done(fail(ErrorKind::closed, "the engine crashed"));
    return;
  }
  if (!waiting.doomed) fault = next_of(commit_plan_);
  if (fault == CommitFault::torn) torn_.push_back({waiting.commit, unsynced_[partition]});
  lock.unlock();
  if (fault || waiting.doomed) {
    // Given as a commit that the wrapped engine must refuse, so that the answer keeps its place in
    // the order.
    waiting.commit = {partition, {Seq{}, kUnlimited, 0}, 0, {}, {}};
  } else {
    settle(partition);
  }
  inner_->commit(std::move(waiting.commit),
                 [this, partition, fault,
                  done = std::move(waiting.done)](Result<PartitionVersion> outcome) mutable {
                   if (fault) outcome = std::unexpected(error_of(*fault));
                   answered(partition, outcome);
                   done(std::move(outcome));
                 });
}

void FaultyEngine::answered(const PartitionId& partition, const Result<PartitionVersion>& outcome) {
  passing("commit.done");
  const std::scoped_lock order(order_mutex_);
  const MutexLock lock(mutex_);
  if (outcome) {
    std::erase_if(torn_, [&](const Torn& torn) { return torn.commit.partition == partition; });
  } else {
    for (Waiting& later : queue_) later.doomed |= later.commit.partition == partition;
  }
}

// What was not synced.

void FaultyEngine::write_inner(const PartitionId& partition, Unsynced unsynced) {
  for (auto& [number, bytes] : unsynced.pages)
    must(inner_->put_page(partition, number, std::move(bytes)));
  for (const PieceHold& hold : unsynced.holds) must(inner_->hold(hold, partition));
  if (!unsynced.hints.empty()) inner_->hint(partition, std::move(unsynced.hints));
}

void FaultyEngine::settle(const PartitionId& partition) {
  const MutexLock lock(mutex_);
  if (auto node = unsynced_.extract(partition)) write_inner(partition, std::move(node.mapped()));
}

void FaultyEngine::settle_holds() {
  const MutexLock lock(mutex_);
  for (auto& [partition, unsynced] : unsynced_)
    write_inner(partition, {{}, std::exchange(unsynced.holds, {}), {}});
}

void FaultyEngine::settle_hints(const PartitionId& partition) {
  const MutexLock lock(mutex_);
  if (const auto it = unsynced_.find(partition); it != unsynced_.end())
    write_inner(partition, {{}, {}, std::exchange(it->second.hints, {})});
}

void FaultyEngine::crash(TornFate fate) {
  std::deque<Waiting> dropped;
  std::vector<Torn> torn;
  {
    const MutexLock lock(mutex_);
    crashed_ = true;
    dropped.swap(queue_);
    torn.swap(torn_);
    unsynced_.clear();
    allowed_ = kUnlimited;
  }
  for (Waiting& waiting : dropped) waiting.done(fail(ErrorKind::closed, "the engine crashed"));
  if (fate == TornFate::lost) return;
  for (Torn& kept : torn) {
    write_inner(kept.commit.partition, std::move(kept.before));
    std::promise<void> answered;
    inner_->commit(std::move(kept.commit),
                   [&](const Result<PartitionVersion>&) { answered.set_value(); });
    answered.get_future().wait();
  }
}

void FaultyEngine::restart() {
  const MutexLock lock(mutex_);
  crashed_ = false;
}

void FaultyEngine::close() {
  let_all_go();
  settle_holds();
  std::map<PartitionId, Unsynced> rest;
  {
    const MutexLock lock(mutex_);
    rest.swap(unsynced_);
  }
  for (auto& [partition, unsynced] : rest) write_inner(partition, std::move(unsynced));
  inner_->close();
}

}  // namespace posthorn::engine
