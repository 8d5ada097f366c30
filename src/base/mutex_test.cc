#include "base/mutex.h"

#include <gtest/gtest.h>

#include <thread>

namespace posthorn {
namespace {

using namespace std::chrono_literals;

/// What a mutex protects, with functions because a lambda is not known to hold the mutex.
class Box {
 public:
  void put(int value) {
    {
      const MutexLock lock(mutex_);
      value_ = value;
    }
    changed_.notify_all();
  }
  int take() {
    const MutexLock lock(mutex_);
    while (value_ == 0) changed_.wait(mutex_);
    return std::exchange(value_, 0);
  }
  /// Returns 0 if nothing was put until then.
  int take_until(ConditionVariable::Time until) {
    MutexLock lock(mutex_);
    while (value_ == 0 && changed_.wait_until(mutex_, until)) {
    }
    const int value = std::exchange(value_, 0);
    lock.unlock();
    lock.lock();
    return value;
  }
  bool is_free() {
    if (!mutex_.try_lock()) return false;
    mutex_.unlock();
    return true;
  }

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  int value_ POSTHORN_GUARDED_BY(mutex_) = 0;
};

TEST(Mutex, IsReleasedWhileWaitingAndHeldAfterwards) {
  Box box;
  std::thread giver([&] { box.put(7); });
  EXPECT_EQ(box.take(), 7);
  giver.join();
  EXPECT_TRUE(box.is_free());
}

TEST(Mutex, WaitsOnlyUntilATime) {
  Box box;
  const auto until = std::chrono::steady_clock::now() + 20ms;
  EXPECT_EQ(box.take_until(until), 0);
  EXPECT_GE(std::chrono::steady_clock::now(), until);
  EXPECT_TRUE(box.is_free());
  box.put(8);
  EXPECT_EQ(box.take_until(std::chrono::steady_clock::now() + 1h), 8);
  EXPECT_TRUE(box.is_free());
}

TEST(SharedMutex, HasSeveralReaders) {
  SharedMutex mutex;
  const ReadLock here(mutex);
  std::thread([&] { const ReadLock there(mutex); }).join();
}

}  // namespace
}  // namespace posthorn
