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

/// The task, whose result goes to `outcome` instead.
inline async::Task<void> keep(async::Task<Status> task, Status& outcome) {
  outcome = co_await std::move(task);
}

/// The first error, in the order given.
inline Status first_error(std::vector<Status> outcomes) {
  for (Status& outcome : outcomes)
    if (!outcome) return std::move(outcome);
  return {};
}

/// As together(), for tasks that can fail: returns the first of their errors, in the order given.
inline async::Task<Status> all_of(std::vector<async::Task<Status>> tasks) {
  if (tasks.empty()) co_return Status();
  std::vector<Status> outcomes(tasks.size());
  std::vector<async::Task<void>> keeping;
  for (std::size_t i = 0; i < tasks.size(); ++i)
    keeping.push_back(keep(std::move(tasks[i]), outcomes[i]));
  co_await together(std::move(keeping));
  co_return first_error(std::move(outcomes));
}

namespace detail {

template <class Visit>
async::Task<void> visit_next(std::atomic<std::size_t>& next, std::size_t count, Visit& visit) {
  for (std::size_t i = next++; i < count; i = next++) co_await visit(i);
}

}  // namespace detail

/// Runs `visit(i)`, a task, for each place of a list, at most this many at a time.
template <class Visit>
async::Task<void> for_each_of(std::size_t count, Visit visit) {
  constexpr std::size_t kAtOnce = 16;
  std::atomic<std::size_t> next = 0;
  std::vector<async::Task<void>> workers;
  for (std::size_t i = 0; i < std::min(count, kAtOnce); ++i)
    workers.push_back(detail::visit_next(next, count, visit));
  if (!workers.empty()) co_await together(std::move(workers));
}

/// As for_each_of(), for tasks that can fail: all of them run, and the first of their errors is
/// returned, in the order of the list.
template <class Visit>
async::Task<Status> try_each_of(std::size_t count, Visit visit) {
  std::vector<Status> outcomes(count);
  co_await for_each_of(count, [&](std::size_t i) { return keep(visit(i), outcomes[i]); });
  co_return first_error(std::move(outcomes));
}

}  // namespace posthorn::engine::rados
