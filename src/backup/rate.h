#pragma once

#include <chrono>
#include <cstdint>
#include <thread>

namespace posthorn::backup {

/// Keeps work below a number of octets in a second.
class Rate {
 public:
  using Clock = std::chrono::steady_clock;
  /// 0: no limit.
  explicit Rate(std::uint64_t octets_per_second) : limit_(octets_per_second) {}

  /// Counts octets, and sleeps as long as they were too many. Time in which nothing was done is not
  /// caught up for, except for a quarter of a second.
  void spend(std::uint64_t octets) {
    if (limit_ == 0) return;
    const auto now = Clock::now();
    free_at_ = std::max(free_at_, now - std::chrono::milliseconds(250)) +
               std::chrono::nanoseconds(static_cast<std::int64_t>(
                   static_cast<double>(octets) * 1e9 / static_cast<double>(limit_)));
    if (free_at_ > now) std::this_thread::sleep_until(free_at_);
  }

 private:
  const std::uint64_t limit_;
  Clock::time_point free_at_ = Clock::now();
};

}  // namespace posthorn::backup
