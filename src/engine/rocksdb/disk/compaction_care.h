#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/mutex.h"

namespace posthorn::engine::rocks {

/// Handles families whose compactions fail because of a damaged block, an unreadable sector or a
/// full disk. A failed compaction loses nothing, so reading and writing continue. But RocksDB would
/// retry it every second for ever, and would stop writing when many files wait for compaction.
/// Therefore automatic compactions of that family, and its limits on waiting files, are turned off
/// for a time that doubles with each failure.
/// Thread: any.
class CompactionCare {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr auto kFirstPause = std::chrono::minutes(1);
  static constexpr auto kLongestPause = std::chrono::hours(6);

  /// Reports a failed compaction of `family`; `words` gives the reason and names the file. Logged,
  /// unless it equals the last message logged for that family.
  void failed(const std::string& family, const std::string& words, Clock::time_point now);

  /// Turns automatic compactions of a family on or off. Returns whether it succeeded.
  using Switch = std::function<bool(const std::string& family, bool on)>;
  /// Turns failed families off, and those that have waited long enough on again. Returns the time
  /// of the next call, if one is needed. `turn` is called without a lock.
  std::optional<Clock::time_point> tend(Clock::time_point now, const Switch& turn);

  /// The database was reopened with all compactions on.
  void reset();

 private:
  struct Family {
    bool off = false;  ///< The last state that RocksDB was told.
    bool wanted_off = false;
    Clock::time_point until;
    Clock::duration pause{};
    std::string logged;
  };
  Mutex mutex_;
  std::map<std::string, Family> families_ POSTHORN_GUARDED_BY(mutex_);
};

}  // namespace posthorn::engine::rocks
