#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "async/task.h"

namespace posthorn::async::detail {

/// A coroutine that nobody awaits: it starts at once and frees itself.
struct Started {
  struct promise_type {
    Started get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
};

/// Starts the task on this thread and calls `done` with its result, on the thread on which the task
/// ends, after the task's frame is destroyed.
template <class T, class Done>
Started start(Task<T> task, Done done) {
  if constexpr (std::is_void_v<T>) {
    {
      Task<void> own = std::move(task);
      co_await std::move(own);
    }
    done();
  } else {
    std::optional<T> result;
    {
      Task<T> own = std::move(task);
      result.emplace(co_await std::move(own));
    }
    done(std::move(*result));
  }
}

}  // namespace posthorn::async::detail
