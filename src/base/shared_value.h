#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace posthorn {

/// A value that is replaced as a whole: readers keep the one they got. Thread: any.
///
/// In place of std::atomic<std::shared_ptr>, whose load() in libstdc++ 12 lets go of its lock with
/// relaxed order: the next store() may then overtake the read it should follow.
template <class T>
class SharedValue {
 public:
  using Pointer = std::shared_ptr<const T>;

  SharedValue() = default;
  explicit SharedValue(Pointer value) : value_(std::move(value)) {}

  /// The newest value; null before the first store().
  [[nodiscard]] Pointer load() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  void store(Pointer value) {
    const std::lock_guard lock(mutex_);
    value_.swap(value);
  }  // `value`, a parameter, goes after the lock: what was there may be long to destroy.

 private:
  mutable std::mutex mutex_;
  Pointer value_;
};

}  // namespace posthorn
