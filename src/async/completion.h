#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "async/loop.h"

namespace posthorn::async {

/// Turns one callback into something to await: `co_await callback<T>([&](auto done) { start(done); })`.
/// `done(value)` may be called on any thread, once; the awaiting coroutine goes on on the loop it
/// awaited from. `start` must see to it that `done` is called, whatever happens.
template <class T, class Start>
class CallbackAwaiter {
 public:
  explicit CallbackAwaiter(Start start) : start_(std::move(start)) {}
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    Loop* home = Loop::current();
    start_([this, h, home](T value) {
      result_.emplace(std::move(value));
      if (home) {
        home->post([h] { h.resume(); });
      } else {
        h.resume();
      }
    });
  }
  T await_resume() { return std::move(*result_); }

 private:
  Start start_;
  std::optional<T> result_;
};

template <class T, class Start>
CallbackAwaiter<T, Start> callback(Start start) {
  return CallbackAwaiter<T, Start>(std::move(start));
}

}  // namespace posthorn::async
