#pragma once

#include <functional>
#include <mutex>

namespace posthorn::engine::rocks {

/// RocksDB's background threads tell the committer that writing or cleaning has stopped.
class Alarm {
 public:
  /// Replaces what is to be called; short, from any thread. Empty: nothing.
  void answer_with(std::function<void()> answer) {
    const std::scoped_lock lock(mutex_);
    answer_ = std::move(answer);
  }
  void raise() {
    const std::scoped_lock lock(mutex_);
    if (answer_) answer_();
  }

 private:
  std::mutex mutex_;
  std::function<void()> answer_;
};

}  // namespace posthorn::engine::rocks
