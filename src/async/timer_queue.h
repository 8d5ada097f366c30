#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

namespace posthorn::async::detail {

using SteadyTime = std::chrono::steady_clock::time_point;

/// What a TimerQueue holds of one timer: where it stands in the heap and what to call.
struct TimerNode {
  static constexpr std::size_t kNotQueued = std::numeric_limits<std::size_t>::max();
  std::size_t index = kNotQueued;
  std::move_only_function<void()> call;
};

/// The timers of one loop: a binary heap of 16 octets a timer, in which every node knows its place.
/// So setting and cancelling allocate nothing (but for the heap's growth), ask no system call and
/// cost a few moves. Thread: the loop's only.
class TimerQueue {
 public:
  /// Sets or moves the node. The node must not move in memory while it is queued.
  void set(TimerNode& node, SteadyTime when);
  /// No effect when the node is not queued.
  void cancel(TimerNode& node);
  /// When the earliest is due.
  [[nodiscard]] std::optional<SteadyTime> next() const;
  /// Calls everything due at `now`, earliest first. A call may set and destroy any timer.
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
