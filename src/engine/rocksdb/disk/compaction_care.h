#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace posthorn::engine::rocks {

/// Families whose compactions fail: for a damaged block, an unreadable sector or a full disk. A
/// failed compaction changes nothing and loses nothing, so reading and writing go on; but RocksDB
/// would try it again each second, for ever, and would stop writing when the files that wait for a
/// compaction become many. So compactions of that family (and its limits on waiting files) are
/// turned off for a time, which doubles with each failure. Thread: any.
class CompactionCare {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr auto kFirstPause = std::chrono::minutes(1);
  static constexpr auto kLongestPause = std::chrono::hours(6);

  /// A compaction of `family` failed; `words` says why and names the file. Logged, unless it is
  /// what was logged last for that family.
  void failed(const std::string& family, const std::string& words, Clock::time_point now);

  /// Turns automatic compactions of a family on or off; true if that was possible.
  using Switch = std::function<bool(const std::string& family, bool on)>;
  /// Turns off what failed and on what has waited long enough. Answers when to call again, if
  /// needed. `turn` is called without a lock.
  std::optional<Clock::time_point> tend(Clock::time_point now, const Switch& turn);

  /// The database was opened anew, with all compactions on.
  void reset();

 private:
  struct Family {
    bool off = false;  ///< As RocksDB was told last.
    bool wanted_off = false;
    Clock::time_point until;
    Clock::duration pause{};
    std::string logged;
  };
  std::mutex mutex_;
  std::map<std::string, Family> families_;
};

}  // namespace posthorn::engine::rocks
