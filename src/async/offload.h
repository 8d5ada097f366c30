#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "async/completion.h"

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
/// is full, f() runs in place: admitted work is never lost, and the caller is slowed down. The
/// captures of f are destroyed on the pool's thread, or later on the loop.
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
    if (!pool.submit([job] { job->run(); })) job->run();
  });
}

}  // namespace posthorn::async
