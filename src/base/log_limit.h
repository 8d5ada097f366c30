#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace posthorn::log {

/// Bounds how many lines of one cause reach the log, so that one client, or one broken disk, can
/// neither fill the disk with log nor hide the other lines. A cause is a number chosen by the
/// caller. Each may write `burst` lines at once and then one each `interval`; what is above that is
/// counted. Memory is bounded too: causes beyond `kMaxCauses` share one allowance. Thread: any.
class LineLimit {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kMaxCauses = 1024;

  LineLimit(int burst, Clock::duration interval) : burst_(burst), interval_(interval) {}

  struct Verdict {
    bool write = false;
    std::uint64_t left_out = 0;  ///< Lines of this cause not written since the last one that was.
  };
  Verdict admit(std::uint64_t cause, Clock::time_point now);

  /// How many lines of all causes were not written and not told by a verdict yet, and forgets them;
  /// 0 if that was asked less than a minute ago. For a line that says so when a flood has ended.
  std::uint64_t take_left_out(Clock::time_point now);

 private:
  struct Allowance {
    Clock::duration used{};  ///< Each line uses an interval of it; time gives it back.
    Clock::time_point since;
    std::uint64_t left_out = 0;
  };
  Allowance& find(std::uint64_t cause, Clock::time_point now);
  [[nodiscard]] Clock::duration used(const Allowance& a, Clock::time_point now) const;

  const int burst_;
  const Clock::duration interval_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Allowance> causes_;
  Allowance others_;
  std::uint64_t left_out_ = 0;
  Clock::time_point told_;
  Clock::time_point swept_;
};

}  // namespace posthorn::log
