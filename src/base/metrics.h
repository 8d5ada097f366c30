#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

/// What a part of the server counts of itself, for those who watch over it. Counting is cheap
/// enough for every command and every change: one relaxed addition, no lock. Who shows the numbers
/// asks for them (app/metrics). Thread: any.
namespace posthorn::metrics {

/// Counts events. Starts with the process and never falls.
class Counter {
 public:
  void add(std::uint64_t count = 1) { count_.fetch_add(count, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return count_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> count_ = 0;
};

/// The times that something took.
class Durations {
 public:
  /// A bucket has the times up to twice as long as those of the bucket before it: from 33
  /// microseconds to 34 seconds, and a last one without a bound.
  static constexpr std::size_t kBuckets = 22;
  static constexpr int kFirstBits = 15;  ///< The first bucket ends at 2^15 nanoseconds.
  /// The bound of a bucket but the last.
  static constexpr std::chrono::nanoseconds bound_of(std::size_t bucket) {
    return std::chrono::nanoseconds(std::int64_t{1} << (kFirstBits + bucket));
  }

  void add(std::chrono::nanoseconds took) {
    const auto time = static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0));
    // A time that equals a bound belongs below it.
    const auto bits =
        static_cast<std::size_t>(std::bit_width((time - (time > 0 ? 1 : 0)) >> kFirstBits));
    buckets_[std::min(bits, kBuckets - 1)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(time, std::memory_order_relaxed);
  }

  struct Counts {
    std::array<std::uint64_t, kBuckets> buckets{};
    std::chrono::nanoseconds sum{};
    [[nodiscard]] std::uint64_t all() const {
      std::uint64_t all = 0;
      for (const std::uint64_t count : buckets) all += count;
      return all;
    }
  };
  [[nodiscard]] Counts counts() const {
    Counts counts;
    for (std::size_t i = 0; i < kBuckets; ++i)
      counts.buckets[i] = buckets_[i].load(std::memory_order_relaxed);
    counts.sum =
        std::chrono::nanoseconds(static_cast<std::int64_t>(sum_.load(std::memory_order_relaxed)));
    return counts;
  }

 private:
  std::array<std::atomic<std::uint64_t>, kBuckets> buckets_{};
  std::atomic<std::uint64_t> sum_ = 0;  ///< Nanoseconds.
};

}  // namespace posthorn::metrics
