#pragma once

#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>

#include "async/loop.h"

namespace posthorn::async {

/// Adapts a callback interface to co_await:
///
///     co_await callback<T>([&](auto done) { start(done); })
///
/// `start` must arrange for `done(value)` (for void: `done()`) to be called exactly once, whatever
/// happens. The call may come from any thread, also before `start` returns. The coroutine resumes
/// on the loop it awaited on; if it awaited outside any loop, it resumes in place, in the thread
/// that calls `done`. The coroutine must not be destroyed before `done` was called.
template <class T, class Start>
class CallbackAwaiter {
 public:
  explicit CallbackAwaiter(Start start) : start_(std::move(start)) {}
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    // Outside a loop, `done` resumes the coroutine in place, perhaps on another thread and before
    // `start` returns. The coroutine may then end and destroy this awaiter. Therefore `start` is
    // moved to the stack first, and no member is touched after the call. On a loop the resumption
    // is posted, so it cannot run before we return.
    Start start = std::move(start_);
    start(Done{this, h, Loop::current()});
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(*result_);
  }

 private:
  struct Nothing {};
  using Value = std::conditional_t<std::is_void_v<T>, Nothing, T>;

  struct Done {
    CallbackAwaiter* awaiter;
    std::coroutine_handle<> waiting;
    Loop* home;

    template <class... V>
    void operator()(V&&... value) const {
      awaiter->result_.emplace(std::forward<V>(value)...);
      if (home) {
        home->post([h = waiting] { h.resume(); });
      } else {
        waiting.resume();
      }
    }
  };

  Start start_;
  std::optional<Value> result_;
};

template <class T, class Start>
CallbackAwaiter<T, Start> callback(Start start) {
  return CallbackAwaiter<T, Start>(std::move(start));
}

}  // namespace posthorn::async
