#include "async/offload.h"

#include <pthread.h>

#include <cassert>
#include <deque>
#include <system_error>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace posthorn::async {

struct OffloadPool::State {
  explicit State(std::size_t limit) : queue_limit(limit) {}

  const std::size_t queue_limit;
  Mutex mutex;
  ConditionVariable ready;
  std::deque<std::move_only_function<void()>> queue POSTHORN_GUARDED_BY(mutex);
  bool stopping POSTHORN_GUARDED_BY(mutex) = false;
  std::vector<std::jthread> threads;

  void stop_and_join() {
    {
      const MutexLock lock(mutex);
      stopping = true;
    }
    ready.notify_all();
    threads.clear();
  }

  void work() {
    pthread_setname_np(pthread_self(), "offload");
    for (;;) {
      MutexLock lock(mutex);
      while (!stopping && queue.empty()) ready.wait(mutex);
      if (queue.empty()) return;
      auto job = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      job();
    }
  }
};

OffloadPool::OffloadPool(std::size_t threads, std::size_t queue_limit)
    : state_(std::make_unique<State>(queue_limit)) {
  assert(threads > 0);
  try {
    for (std::size_t i = 0; i < threads; ++i) {
      state_->threads.emplace_back([state = state_.get()] { state->work(); });
    }
  } catch (const std::system_error&) {
    state_->stop_and_join();  // Those already started would wait for work for ever.
    throw;
  }
}

OffloadPool::~OffloadPool() { state_->stop_and_join(); }

std::size_t OffloadPool::threads() const { return state_->threads.size(); }

bool OffloadPool::submit(std::move_only_function<void()> work) {
  const MutexLock lock(state_->mutex);
  if (state_->stopping || state_->queue.size() >= state_->queue_limit) return false;
  state_->queue.push_back(std::move(work));
  // With the mutex held, since whoever waits for the work may destroy the pool as soon as it is
  // done.
  state_->ready.notify_one();
  return true;
}

}  // namespace posthorn::async
