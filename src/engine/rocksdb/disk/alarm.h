#pragma once

#include <cstdint>
#include <functional>
#include <mutex>

#include "engine/rocksdb/disk/compaction_care.h"

namespace posthorn::engine::rocks {

/// What RocksDB's background threads tell the committer.
class Alarm {
 public:
  enum class Kind : std::uint8_t {
    stopped,     ///< RocksDB takes no more writes until it is opened again.
    compaction,  ///< A compaction failed; writing goes on. `compactions` knows which.
  };

  /// Replaces what is to be called; short, from any thread. Empty: nothing.
  void answer_with(std::function<void(Kind)> answer) {
    const std::scoped_lock lock(mutex_);
    answer_ = std::move(answer);
  }
  void raise(Kind kind) {
    const std::scoped_lock lock(mutex_);
    if (answer_) answer_(kind);
  }
  [[nodiscard]] CompactionCare& compactions() { return compactions_; }

 private:
  std::mutex mutex_;
  std::function<void(Kind)> answer_;
  CompactionCare compactions_;
};

}  // namespace posthorn::engine::rocks
