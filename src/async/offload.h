#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>

#include "async/completion.h"

namespace posthorn::async {

/// Threads for what blocks or computes for long: disk reads, password hashing, searches.
class OffloadPool {
 public:
  /// `queue_limit`: how many jobs may wait; submit() refuses more.
  OffloadPool(std::size_t threads, std::size_t queue_limit);
  ~OffloadPool();  ///< Finishes what is queued, then joins.
  /// False when the queue is full or the pool stops: then `work` was not taken.
  [[nodiscard]] bool submit(std::move_only_function<void()> work);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `co_await offload(pool, f)` runs f() on the pool and goes on on the loop it was called from. A full
/// queue makes it run in place: work already admitted is never lost, and the caller slows down.
template <class F>
auto offload(OffloadPool& pool, F f) {
  using T = std::invoke_result_t<F&>;
  return callback<T>([&pool, f = std::move(f)](auto done) mutable {
    auto shared = std::make_shared<decltype(done)>(std::move(done));
    if (!pool.submit([shared, &f] { (*shared)(f()); })) (*shared)(f());
  });
}

}  // namespace posthorn::async
