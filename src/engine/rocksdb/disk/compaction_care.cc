#include "engine/rocksdb/disk/compaction_care.h"

#include <algorithm>
#include <vector>

#include "base/log.h"

namespace posthorn::engine::rocks {

void CompactionCare::failed(const std::string& family, const std::string& words,
                            Clock::time_point now) {
  const MutexLock lock(mutex_);
  Family& known = families_[family];
  if (known.logged != words)
    log::error(
        "storage: files of '{}' cannot be compacted: {}. Reading and writing continue; data in a "
        "damaged block cannot be read (docs/operating.md, Damage)",
        family, words);
  known.logged = words;
  // Another compaction that was already running. (A failure long after the end of the last pause
  // starts a new sequence.)
  if (known.wanted_off) return;
  const bool again = known.pause != Clock::duration::zero() && now < known.until + 2 * known.pause;
  known.pause = again ? std::min<Clock::duration>(known.pause * 2, kLongestPause)
                      : Clock::duration(kFirstPause);
  known.until = now + known.pause;
  known.wanted_off = true;
}

std::optional<CompactionCare::Clock::time_point> CompactionCare::tend(Clock::time_point now,
                                                                      const Switch& turn) {
  std::vector<std::pair<std::string, bool>> changes;
  std::optional<Clock::time_point> next;
  {
    const MutexLock lock(mutex_);
    for (auto& [name, family] : families_) {
      if (family.wanted_off && now >= family.until) family.wanted_off = false;
      if (family.wanted_off != family.off) changes.emplace_back(name, !family.wanted_off);
      if (family.wanted_off) next = next ? std::min(*next, family.until) : family.until;
    }
  }
  for (const auto& [name, on] : changes) {
    const bool done = turn(name, on);
    const MutexLock lock(mutex_);
    if (done) families_[name].off = !on;
  }
  return next;
}

void CompactionCare::reset() {
  const MutexLock lock(mutex_);
  for (auto& [name, family] : families_) family.off = family.wanted_off = false;
}

}  // namespace posthorn::engine::rocks
