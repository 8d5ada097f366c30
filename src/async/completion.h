#pragma once

#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>

#include "async/loop.h"

namespace posthorn::async {

/// Turns one callback into something to await: `co_await callback<T>([&](auto done) { start(done);
/// })`. `done(value)` (for void: `done()`) may be called on any thread, once, also before `start`
/// returns; the awaiting coroutine goes on on the loop it awaited from, or where `done` was called
/// when it awaited outside any loop. `start` must see to it that `done` is called, whatever
/// happens, and the coroutine must not be destroyed before.
template <class T, class Start>
class CallbackAwaiter {
 public:
  explicit CallbackAwaiter(Start start) : start_(std::move(start)) {}
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    // Outside a loop, `done` resumes in place, perhaps on another thread and before start returns,
    // and may end the coroutine this awaiter lives in. So `start` runs from the stack, and after it
    // nothing here is touched. On a loop the resumption is posted, and cannot run before we have
    // returned.
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
