#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "async/completion.h"
#include "async/task.h"
#include "base/mutex.h"

namespace posthorn::async {

/// Lets coroutines through one after another, in the order in which they came, across loops: a
/// mutex that may be held over a co_await. Thread: any.
class Turns {
 public:
  /// `co_await take()` returns when it is the caller's turn, which ends when the last copy of the
  /// result is destroyed.
  Task<std::shared_ptr<void>> take() {
    co_await callback<void>([state = state_](auto done) {
      {
        const MutexLock lock(state->mutex);
        if (state->taken) {
          state->waiting.emplace_back(done);
          return;
        }
        state->taken = true;
      }
      done();
    });
    co_return std::shared_ptr<void>(nullptr, [state = state_](void*) { state->pass_on(); });
  }

 private:
  struct State {
    Mutex mutex;
    bool taken POSTHORN_GUARDED_BY(mutex) = false;
    std::deque<std::move_only_function<void()>> waiting POSTHORN_GUARDED_BY(mutex);

    void pass_on() {
      std::move_only_function<void()> next;
      {
        const MutexLock lock(mutex);
        taken = !waiting.empty();
        if (!taken) return;
        next = std::move(waiting.front());
        waiting.pop_front();
      }
      next();
    }
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace posthorn::async
