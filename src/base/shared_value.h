#pragma once

#include <memory>
#include <utility>

#include "base/mutex.h"

namespace posthorn {

/// A value that is replaced as a whole; readers keep the version they loaded.
/// Thread: any.
///
/// Used instead of std::atomic<std::shared_ptr>, because its load() in libstdc++ 12 releases the
/// internal lock with relaxed order, so that the next store() may overtake the read it should
/// follow.
template <class T>
class SharedValue {
 public:
  using Pointer = std::shared_ptr<const T>;

  SharedValue() = default;
  explicit SharedValue(Pointer value) : value_(std::move(value)) {}

  /// Returns the newest value; null before the first store().
  [[nodiscard]] Pointer load() const {
    const MutexLock lock(mutex_);
    return value_;
  }

  void store(Pointer value) {
    const MutexLock lock(mutex_);
    value_.swap(value);
  }  // The old value is destroyed with the parameter `value`, after the lock is released:
     // destruction may take long.

 private:
  mutable Mutex mutex_;
  Pointer value_ POSTHORN_GUARDED_BY(mutex_);
};

}  // namespace posthorn
