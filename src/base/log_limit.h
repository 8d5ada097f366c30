#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "base/mutex.h"

namespace posthorn::log {

/// Limits the rate of log lines per cause, so that a single client or a broken disk can neither
/// fill the disk with log nor hide other lines. A cause is a number chosen by the caller. Each
/// cause may write `burst` lines at once, and then one line per `interval`; lines beyond that are
/// counted. Memory is bounded too: causes beyond `kMaxCauses` share one allowance.
/// Thread: any.
class LineLimit {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kMaxCauses = 1024;

  LineLimit(int burst, Clock::duration interval) : burst_(burst), interval_(interval) {}

  struct Verdict {
    bool write = false;
    std::uint64_t left_out = 0;  ///< Lines of this cause suppressed since its last written one.
  };
  Verdict admit(std::uint64_t cause, Clock::time_point now);

  /// Returns and resets the number of suppressed lines, of all causes, that no verdict has
  /// reported. Returns 0 if the last call was less than a minute ago. Used to report the count
  /// after a flood has ended.
  std::uint64_t take_left_out(Clock::time_point now);

 private:
  struct Allowance {
    Clock::duration used{};  ///< Each line adds one interval; elapsed time is subtracted.
    Clock::time_point since;
    std::uint64_t left_out = 0;
  };
  Allowance& find(std::uint64_t cause, Clock::time_point now) POSTHORN_REQUIRES(mutex_);
  [[nodiscard]] Clock::duration used(const Allowance& a, Clock::time_point now) const;

  const int burst_;
  const Clock::duration interval_;
  Mutex mutex_;
  std::unordered_map<std::uint64_t, Allowance> causes_ POSTHORN_GUARDED_BY(mutex_);
  Allowance others_ POSTHORN_GUARDED_BY(mutex_);
  std::uint64_t left_out_ POSTHORN_GUARDED_BY(mutex_) = 0;
  Clock::time_point told_ POSTHORN_GUARDED_BY(mutex_);
  Clock::time_point swept_ POSTHORN_GUARDED_BY(mutex_);
};

}  // namespace posthorn::log
