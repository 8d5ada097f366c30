#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "async/completion.h"
#include "async/loop.h"
#include "async/start.h"
#include "async/task.h"

namespace posthorn::async {

/// A thread pool for work that blocks or computes for a long time: disk reads, password hashing,
/// searches.
class OffloadPool {
 public:
  /// `queue_limit` is the largest number of waiting jobs. Requires: threads > 0. Throws
  /// std::system_error if a thread cannot be created.
  OffloadPool(std::size_t threads, std::size_t queue_limit);
  ~OffloadPool();  ///< Finishes the queued jobs, then joins the threads.
  OffloadPool(const OffloadPool&) = delete;
  OffloadPool& operator=(const OffloadPool&) = delete;
  /// Queues `work`. Returns false, without taking `work`, if the queue is full or the pool is
  /// stopping.
  /// Thread: any.
  [[nodiscard]] bool submit(std::move_only_function<void()> work);
  [[nodiscard]] std::size_t threads() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `co_await offload(pool, f)` runs f() on the pool and resumes on the caller's loop. If the queue
/// is full, f() runs in place, within an OffLoop: admitted work is never lost, and the caller is
/// slowed down. The captures of f are destroyed on the pool's thread, or later on the loop.
template <class F>
auto offload(OffloadPool& pool, F f) {
  using T = std::invoke_result_t<F&>;
  return callback<T>([&pool, f = std::move(f)](auto done) mutable {
    struct Job {
      F f;
      decltype(done) done;
      void run() {
        if constexpr (std::is_void_v<T>) {
          f();
          done();
        } else {
          done(f());
        }
      }
    };
    auto job = std::make_shared<Job>(std::move(f), done);
    if (pool.submit([job] { job->run(); })) return;
    const OffLoop off;
    job->run();
  });
}

/// `co_await off_loop(pool, task)` runs a task that may compute for a long time. If the caller is
/// on a loop, the task starts on the pool, and the caller resumes on its loop; where the task
/// suspends, it keeps no thread of the pool, and it goes on in place, on the thread that has what
/// it awaited. If the queue is full, it starts in place, within an OffLoop. If the caller is on no
/// loop, the task is simply awaited. The task is destroyed before the caller resumes.
template <class T>
Task<T> off_loop(OffloadPool& pool, Task<T> task) {
  if (!Loop::current()) co_return co_await std::move(task);
  co_return co_await callback<T>([&](auto done) {
    const auto start = [&task, done] { detail::start(std::move(task), done); };
    if (pool.submit(start)) return;
    const OffLoop off;
    start();
  });
}

}  // namespace posthorn::async
