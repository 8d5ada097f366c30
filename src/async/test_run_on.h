#pragma once

#include <future>
#include <optional>
#include <type_traits>
#include <utility>

#include "async/gate.h"
#include "async/loop.h"
#include "async/task.h"

namespace posthorn::async {

/// For tests: runs a task on a loop that another thread runs, and waits until it has ended and its
/// frame is gone.
template <class T>
T run_on(Loop& loop, Task<T> task) {
  std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> result;
  std::promise<void> done;
  Gate gate;
  const auto keep = [](Task<T> work, auto& into, std::promise<void>& end) -> Task<void> {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(work);
    } else {
      into.emplace(co_await std::move(work));
    }
    end.set_value();
  };
  loop.post([&] { gate.spawn(keep(std::move(task), result, done)); });
  done.get_future().wait();
  std::promise<void> freed;
  loop.post([&] { freed.set_value(); });
  freed.get_future().wait();
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace posthorn::async
