#pragma once

#include <atomic>
#include <cstdint>

#include "base/result.h"
#include "store/value/mailbox.h"

namespace posthorn::search {

/// Bounds the cost of one SEARCH, SORT or THREAD command and tells whether anybody still waits for
/// the result. The cost is counted in steps. A step is about the effort of judging one message by
/// one condition, or of examining one octet of text: some nanoseconds. Thread: any.
class WorkLimit {
 public:
  /// The cost allowed for every command, in addition to that for each octet of the mailbox. It is
  /// enough for ten thousand conditions on the rows of half a million messages.
  static constexpr std::uint64_t kSteps = 8'000'000'000;
  /// A full-text search reads every octet once, with some overhead.
  static constexpr std::uint64_t kStepsPerOctet = 4;
  /// Octets of sort keys and message ids that one command may hold in memory.
  static constexpr std::uint64_t kMaxHeld = 1ULL << 30;

  /// `cancelled` (which may be null) must outlive this object. The work ends soon after it has
  /// become true.
  explicit WorkLimit(const std::atomic<bool>* cancelled = nullptr, std::uint64_t steps = kSteps,
                     std::uint64_t held = kMaxHeld)
      : cancelled_(cancelled), steps_left_(signed_of(steps)), held_left_(signed_of(held)) {}

  /// Messages that have been examined are added to `examined`, which must outlive this object.
  void count_in(std::atomic<std::uint32_t>* examined) { examined_ = examined; }
  void add_examined(std::uint32_t messages) {
    if (examined_ != nullptr) examined_->fetch_add(messages, std::memory_order_relaxed);
  }

  /// The number of steps allowed for a command on this mailbox.
  static std::uint64_t steps_for(const store::Mailbox& mailbox);

  /// Errors: limit, if the work exceeded the limit; unavailable, if it was cancelled. Results found
  /// until then are incomplete.
  [[nodiscard]] Status status() const;
  [[nodiscard]] bool is_over() const {
    return steps_left_.load(std::memory_order_relaxed) < 0 ||
           held_left_.load(std::memory_order_relaxed) < 0 || is_cancelled();
  }

 private:
  friend class Work;
  static std::int64_t signed_of(std::uint64_t n) {
    return static_cast<std::int64_t>(n > INT64_MAX / 2 ? INT64_MAX / 2 : n);
  }
  [[nodiscard]] bool is_cancelled() const {
    return cancelled_ != nullptr && cancelled_->load(std::memory_order_relaxed);
  }

  const std::atomic<bool>* const cancelled_;
  std::atomic<std::uint32_t>* examined_ = nullptr;
  std::atomic<std::int64_t> steps_left_;
  std::atomic<std::int64_t> held_left_;
};

/// Counts the steps of one thread of a command. It settles with the limit only once in several ten
/// thousand steps, so that counting costs almost nothing. Thread: one.
class Work {
 public:
  /// `limit` must outlive this object.
  explicit Work(WorkLimit& limit) : limit_(limit) { over_ = limit_.is_over(); }
  ~Work() { settle(); }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  void add(std::uint64_t steps) {
    pending_ += steps;
    if (pending_ >= kSettle) settle();
  }
  /// Counts octets that are kept in memory until the command ends.
  void hold(std::uint64_t octets) {
    held_ += octets;
    add(octets);
  }
  /// Returns true when the limit was exceeded or the work was cancelled. Never becomes false again.
  [[nodiscard]] bool is_over() const { return over_; }
  /// All steps so far. For tests.
  [[nodiscard]] std::uint64_t total() const { return settled_ + pending_; }

 private:
  static constexpr std::uint64_t kSettle = 1 << 16;
  void settle() {
    settled_ += pending_;
    limit_.steps_left_.fetch_sub(static_cast<std::int64_t>(pending_), std::memory_order_relaxed);
    limit_.held_left_.fetch_sub(static_cast<std::int64_t>(held_), std::memory_order_relaxed);
    pending_ = held_ = 0;
    over_ = over_ || limit_.is_over();
  }

  WorkLimit& limit_;
  std::uint64_t pending_ = 0;
  std::uint64_t held_ = 0;
  std::uint64_t settled_ = 0;
  bool over_ = false;
};

}  // namespace posthorn::search
