#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#include "base/thread_annotations.h"

namespace posthorn {

/// A std::mutex that clang's analysis knows: members say POSTHORN_GUARDED_BY(mutex_), and using
/// them without the lock does not compile. All of src/ uses this one.
///
///     const MutexLock lock(mutex_);
///
/// A lambda is a function of its own for the analysis, which does not know that its caller holds
/// the mutex. Loops are therefore written out, also around ConditionVariable::wait().
class POSTHORN_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() POSTHORN_ACQUIRE() { mutex_.lock(); }
  void unlock() POSTHORN_RELEASE() { mutex_.unlock(); }
  [[nodiscard]] bool try_lock() POSTHORN_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  friend class ConditionVariable;
  std::mutex mutex_;
};

/// Holds a mutex to the end of the scope. It may be released before that, and taken again.
class POSTHORN_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) POSTHORN_ACQUIRE(mutex) : lock_(mutex) {}
  ~MutexLock() POSTHORN_RELEASE() = default;
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void unlock() POSTHORN_RELEASE() { lock_.unlock(); }
  void lock() POSTHORN_ACQUIRE() { lock_.lock(); }

 private:
  std::unique_lock<Mutex> lock_;
};

/// A std::condition_variable for a Mutex. Waits may end without a reason, so the caller checks what
/// it waits for in a loop:
///
///     while (queue_.empty()) ready_.wait(mutex_);
class ConditionVariable {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Releases the mutex while it waits.
  void wait(Mutex& mutex) POSTHORN_REQUIRES(mutex) {
    std::unique_lock native(mutex.mutex_, std::adopt_lock);
    condition_.wait(native);
    native.release();  // The caller still holds it.
  }
  /// The same, at most until a time. Returns false once that time has come.
  bool wait_until(Mutex& mutex, Time until) POSTHORN_REQUIRES(mutex) {
    std::unique_lock native(mutex.mutex_, std::adopt_lock);
    const std::cv_status status = condition_.wait_until(native, until);
    native.release();
    return status == std::cv_status::no_timeout;
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

/// A mutex that many may hold for reading, or one for writing.
class POSTHORN_CAPABILITY("shared mutex") SharedMutex {
 public:
  SharedMutex() = default;
  SharedMutex(const SharedMutex&) = delete;
  SharedMutex& operator=(const SharedMutex&) = delete;

  void lock() POSTHORN_ACQUIRE() { mutex_.lock(); }
  void unlock() POSTHORN_RELEASE() { mutex_.unlock(); }
  void lock_shared() POSTHORN_ACQUIRE_SHARED() { mutex_.lock_shared(); }
  void unlock_shared() POSTHORN_RELEASE_SHARED() { mutex_.unlock_shared(); }

 private:
  std::shared_mutex mutex_;
};

/// Holds a shared mutex for writing to the end of the scope.
class POSTHORN_SCOPED_CAPABILITY WriteLock {
 public:
  explicit WriteLock(SharedMutex& mutex) POSTHORN_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~WriteLock() POSTHORN_RELEASE() { mutex_.unlock(); }
  WriteLock(const WriteLock&) = delete;
  WriteLock& operator=(const WriteLock&) = delete;

 private:
  SharedMutex& mutex_;
};

/// Holds a shared mutex for reading to the end of the scope.
class POSTHORN_SCOPED_CAPABILITY ReadLock {
 public:
  explicit ReadLock(SharedMutex& mutex) POSTHORN_ACQUIRE_SHARED(mutex) : mutex_(mutex) {
    mutex_.lock_shared();
  }
  ~ReadLock() POSTHORN_RELEASE() { mutex_.unlock_shared(); }
  ReadLock(const ReadLock&) = delete;
  ReadLock& operator=(const ReadLock&) = delete;

 private:
  SharedMutex& mutex_;
};

}  // namespace posthorn
