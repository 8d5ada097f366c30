#pragma once

#include <cstdint>
#include <functional>

#include "base/mutex.h"
#include "engine/rocksdb/disk/compaction_care.h"

namespace posthorn::engine::rocks {

/// Passes events of RocksDB's background threads to the committer.
class Alarm {
 public:
  enum class Kind : std::uint8_t {
    stopped,     ///< RocksDB accepts no more writes until it is reopened.
    compaction,  ///< A compaction failed; writing still works. `compactions` has the details.
  };

  /// Replaces the function to call. It must be short and may be called from any thread. An empty
  /// function disables calls.
  void answer_with(std::function<void(Kind)> answer) {
    const MutexLock lock(mutex_);
    answer_ = std::move(answer);
  }
  void raise(Kind kind) {
    const MutexLock lock(mutex_);
    if (answer_) answer_(kind);
  }
  [[nodiscard]] CompactionCare& compactions() { return compactions_; }

 private:
  Mutex mutex_;
  std::function<void(Kind)> answer_ POSTHORN_GUARDED_BY(mutex_);
  CompactionCare compactions_;
};

}  // namespace posthorn::engine::rocks
