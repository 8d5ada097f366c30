#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

namespace posthorn::async::detail {

using SteadyTime = std::chrono::steady_clock::time_point;

/// A timer's entry in a TimerQueue: its position in the heap and the function to call.
struct TimerNode {
  static constexpr std::size_t kNotQueued = std::numeric_limits<std::size_t>::max();
  std::size_t index = kNotQueued;
  std::move_only_function<void()> call;
};

/// The timers of one loop: a binary heap with 16 octets per timer, in which every node knows its
/// position. Setting and cancelling a timer takes a few moves within the heap, with no system call
/// and no allocation except when the heap grows.
/// Thread: the loop's only.
class TimerQueue {
 public:
  /// Adds the node, or moves it if it is queued. The node must keep its address while it is queued.
  void set(TimerNode& node, SteadyTime when);
  /// Has no effect if the node is not queued.
  void cancel(TimerNode& node);
  /// The time of the earliest timer; none if the queue is empty.
  [[nodiscard]] std::optional<SteadyTime> next() const;
  /// Calls every timer due at `now`, earliest first. A call may set or destroy any timer.
  void run_due(SteadyTime now);
  [[nodiscard]] std::size_t size() const { return heap_.size(); }

 private:
  struct Entry {
    SteadyTime when;
    TimerNode* node;
  };
  void place(std::size_t at, Entry entry);
  void sift_up(std::size_t at, Entry entry);
  void sift_down(std::size_t at, Entry entry);

  std::vector<Entry> heap_;
};

}  // namespace posthorn::async::detail
