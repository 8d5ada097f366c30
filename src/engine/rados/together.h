#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "async/completion.h"
#include "async/start.h"
#include "async/task.h"
#include "base/result.h"

namespace posthorn::engine::rados {

/// Runs the tasks at the same time and waits for all of them. The caller goes on where the last of
/// them ends, or on its loop.
inline async::Task<void> together(std::vector<async::Task<void>> tasks) {
  if (tasks.size() == 1) {
    co_await std::move(tasks.front());
    co_return;
  }
  co_await async::callback<void>([&](auto done) {
    // One more than there are, so that the tasks are not destroyed while they are being started.
    auto left = std::make_shared<std::atomic<std::size_t>>(tasks.size() + 1);
    const auto one_less = [left, done] {
      if (left->fetch_sub(1) == 1) done();
    };
    for (async::Task<void>& task : tasks) async::detail::start(std::move(task), one_less);
    one_less();
  });
}

/// The same for tasks that can fail: returns the first of their errors, in the order given.
inline async::Task<Status> all_of(std::vector<async::Task<Status>> tasks) {
  std::vector<Status> outcomes(tasks.size());
  std::vector<async::Task<void>> keeping;
  for (std::size_t i = 0; i < tasks.size(); ++i)
    keeping.push_back([](async::Task<Status> task, Status& outcome) -> async::Task<void> {
      outcome = co_await std::move(task);
    }(std::move(tasks[i]), outcomes[i]));
  co_await together(std::move(keeping));
  for (Status& outcome : outcomes)
    if (!outcome) co_return std::move(outcome);
  co_return Status();
}

/// Runs `visit(i)`, a task, for each place of a list, at most this many at a time.
template <class Visit>
async::Task<void> for_each_of(std::size_t count, Visit visit) {
  constexpr std::size_t kAtOnce = 16;
  std::atomic<std::size_t> next = 0;
  const auto work = [](std::atomic<std::size_t>& next, std::size_t count,
                       Visit& visit) -> async::Task<void> {
    for (std::size_t i = next++; i < count; i = next++) co_await visit(i);
  };
  std::vector<async::Task<void>> workers;
  for (std::size_t i = 0; i < std::min(count, kAtOnce); ++i)
    workers.push_back(work(next, count, visit));
  if (!workers.empty()) co_await together(std::move(workers));
}

}  // namespace posthorn::engine::rados
