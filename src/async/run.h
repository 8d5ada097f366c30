#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "async/task.h"

namespace posthorn::async {

namespace detail {
void run_to_end(Task<void> task);

template <class T>
Task<void> keep_result(Task<T> task, std::optional<T>* result) {
  result->emplace(co_await std::move(task));
}
}  // namespace detail

/// Creates a loop on this thread and runs it until the task has ended and no posted work is left.
/// For tests and the command line.
/// Requires: this thread runs no loop.
template <class T>
T run_blocking(Task<T> task) {
  if constexpr (std::is_void_v<T>) {
    detail::run_to_end(std::move(task));
  } else {
    std::optional<T> result;
    detail::run_to_end(detail::keep_result(std::move(task), &result));
    return std::move(*result);
  }
}

}  // namespace posthorn::async
