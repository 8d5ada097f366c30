#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "async/completion.h"

namespace posthorn::async {

/// Threads for what blocks or computes for long: disk reads, password hashing, searches.
class OffloadPool {
 public:
  /// `queue_limit`: jobs that may wait. Requires: threads > 0. Throws as LoopPool's constructor.
  OffloadPool(std::size_t threads, std::size_t queue_limit);
  ~OffloadPool();  ///< Finishes what is queued, then joins.
  OffloadPool(const OffloadPool&) = delete;
  OffloadPool& operator=(const OffloadPool&) = delete;
  /// False when the queue is full or the pool stops: then `work` was not taken. Thread: any.
  [[nodiscard]] bool submit(std::move_only_function<void()> work);
  [[nodiscard]] std::size_t threads() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `co_await offload(pool, f)` runs f() on the pool and goes on on the loop it was called from. A
/// full queue makes it run in place: work already admitted is never lost, and the caller slows
/// down. What f holds is freed on the pool, or later on the loop.
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
