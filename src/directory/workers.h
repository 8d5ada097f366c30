#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "async/completion.h"
#include "async/event.h"
#include "async/loop.h"
#include "async/offload.h"
#include "async/task.h"
#include "base/result.h"

namespace posthorn::directory {

/// Threads for the blocking calls of one directory, so that a directory that hangs holds up nobody
/// else. Thread: any.
class Workers {
 public:
  struct Limits {
    std::size_t threads = 4;
    std::size_t waiting = 200;                 ///< Calls that may wait for a thread.
    std::chrono::milliseconds patience{5000};  ///< Of whoever asks.
  };
  explicit Workers(Limits limits)
      : patience_(limits.patience), pool_(limits.threads, limits.waiting) {}
  /// Waits for the calls that have begun; those that wait for a thread fail.
  ~Workers() { *stopping_ = true; }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Runs `call` on one of the threads. On a loop, the caller waits no longer than `patience`; the
  /// call goes on without him then, so it must own what it uses. Errors: unavailable if it took too
  /// long or too many wait; those of the call.
  template <class T>
  async::Task<Result<T>> run(std::function<Result<T>()> call) {
    const auto ended = std::make_shared<std::atomic<bool>>(false);
    std::optional<async::Timer> too_long;
    if (async::Loop::current() != nullptr) too_long.emplace();
    co_return co_await async::callback<Result<T>>([&](auto done) {
      const auto finish = [ended, done](Result<T> result) {
        if (!ended->exchange(true)) done(std::move(result));
      };
      if (too_long)
        too_long->set(patience_, [finish] {
          finish(fail(ErrorKind::unavailable, "it does not answer in time"));
        });
      // Whoever does not wait any more has no use for the answer. On a loop, the caller goes on
      // only after this function has returned.
      const bool taken =
          pool_.submit([ended, finish, stopping = stopping_, call = std::move(call)] {
            if (*ended) return;
            finish(*stopping ? fail(ErrorKind::unavailable, "the server is stopping") : call());
          });
      if (!taken) finish(fail(ErrorKind::unavailable, "too many wait for its answers"));
    });
  }

 private:
  const std::chrono::milliseconds patience_;
  const std::shared_ptr<std::atomic<bool>> stopping_ = std::make_shared<std::atomic<bool>>(false);
  async::OffloadPool pool_;
};

}  // namespace posthorn::directory
