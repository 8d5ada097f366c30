#pragma once

#include <cassert>
#include <optional>
#include <type_traits>
#include <utility>

#include "async/loop.h"
#include "async/start.h"
#include "async/task.h"
#include "base/mutex.h"

namespace posthorn::async {

namespace detail {

/// Opened once; others wait for that.
class Latch {
 public:
  void open() {
    // Told under the lock, because the waiter destroys the latch when it has seen it open.
    const MutexLock lock(mutex_);
    open_ = true;
    opened_.notify_one();
  }
  void wait() {
    const MutexLock lock(mutex_);
    while (!open_) opened_.wait(mutex_);
  }

 private:
  Mutex mutex_;
  ConditionVariable opened_;
  bool open_ POSTHORN_GUARDED_BY(mutex_) = false;
};

}  // namespace detail

/// Runs a task to its end: starts it on this thread, and blocks until it has ended if it suspends.
/// For long computations outside the network threads, command line tools and tests. Within the
/// task, `Loop::current()` is null, so what it awaits resumes it in place, perhaps on another
/// thread.
/// Requires: the caller is on a thread without a loop, and the task needs neither a loop nor a
/// thread of the caller's pool to end.
template <class T>
T wait(Task<T> task) {
  assert(!Loop::current());
  // A release build does not notice a mistake. Then the loop is blocked, which is bad, but a read
  // that went on elsewhere and came back to this loop would never end.
  const OffLoop off;
  detail::Latch ended;
  if constexpr (std::is_void_v<T>) {
    detail::start(std::move(task), [&] { ended.open(); });
    ended.wait();
  } else {
    std::optional<T> result;
    detail::start(std::move(task), [&](T value) {
      result.emplace(std::move(value));
      ended.open();
    });
    ended.wait();
    return std::move(*result);
  }
}

}  // namespace posthorn::async
