#include <algorithm>
#include <numeric>

#include "search/thread_input.h"

namespace posthorn::search {
namespace {

/// A run of consecutive messages with the same base subject.
struct Thread {
  std::uint32_t first = 0;
  std::uint32_t last = 0;  ///< Exclusive.
};

/// The first message of each run of equal base subjects is its oldest.
std::vector<Thread> threads_of(const ThreadInput& messages, std::span<const std::uint32_t> order) {
  std::vector<Thread> threads;
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    if (i == 0 || messages.subjects().at(order[i]) != messages.subjects().at(order[i - 1]))
      threads.push_back({i, i});
    threads.back().last = i + 1;
  }
  return threads;
}

}  // namespace

/// ORDEREDSUBJECT of RFC 5256 §3: messages are sorted by base subject, then by sent date. Each run
/// of one subject is a thread whose first message is the parent of all others. Threads are in the
/// order of their first messages' dates.
ThreadForest thread_by_subject(const ThreadInput& messages, Work& work) {
  RowOrder by_subject(messages.count(), work);
  by_subject.by_texts(messages.subjects(), Direction::up);
  by_subject.by_numbers(messages.sent(), Direction::up);
  const std::vector<std::uint32_t> order = std::move(by_subject).take();
  if (work.is_over()) return {};

  std::vector<Thread> threads = threads_of(messages, order);
  // Of equal dates, the message that arrived first.
  std::ranges::sort(threads, {}, [&](const Thread& t) { return order[t.first]; });
  std::vector<std::int64_t> began;
  for (const Thread& t : threads) began.push_back(messages.sent()[order[t.first]]);
  RowOrder by_date(static_cast<std::uint32_t>(threads.size()), work);
  by_date.by_numbers(began, Direction::up);

  ThreadForest forest;
  forest.reserve(messages.count());
  for (const std::uint32_t t : std::move(by_date).take()) {
    for (std::uint32_t i = threads[t].first; i < threads[t].last; ++i)
      forest.push_back({messages.position(order[i]), i == threads[t].first ? 0U : 1U});
  }
  return forest;
}

}  // namespace posthorn::search
