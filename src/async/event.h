#pragma once

#include <chrono>
#include <coroutine>
#include <functional>
#include <utility>

#include "async/loop.h"
#include "async/task.h"
#include "async/timer_queue.h"

namespace posthorn::async {

/// A wake-up signal for one waiter on one loop. A set() that comes before wait() is remembered;
/// several of them count as one. set() resumes the waiter in place, before it returns; a caller
/// that cannot allow this must post the call to the loop.
/// Thread: the loop's only.
class Event {
 public:
  void set() {
    set_ = true;
    if (waiter_) std::exchange(waiter_, {}).resume();
  }
  [[nodiscard]] bool is_set() const { return set_; }
  void clear() { set_ = false; }

  struct Awaiter {
    Event& event;
    [[nodiscard]] bool await_ready() const { return event.set_; }
    void await_suspend(std::coroutine_handle<> h) { event.waiter_ = h; }
    void await_resume() { event.set_ = false; }
  };
  /// Requires: no other coroutine waits.
  Awaiter wait() { return Awaiter{*this}; }

 private:
  bool set_ = false;
  std::coroutine_handle<> waiter_{};
};

/// Calls a function once after a delay, on the loop the timer was created on. Destroying the timer
/// cancels it. Timers bound every wait for a peer. Setting and cancelling is cheap: no system call
/// and no allocation.
/// Thread: the loop's only.
class Timer {
 public:
  Timer();  ///< Requires: Loop::current().
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  /// Replaces an earlier setting. `call` may destroy the timer. A delay of more than a year counts
  /// as one year.
  void set(std::chrono::milliseconds after, std::move_only_function<void()> call);
  void cancel();

 private:
  Loop& loop_;
  detail::TimerNode node_;
};

/// Suspends the caller for `time`, on the current loop.
Task<void> sleep_for(std::chrono::milliseconds time);

}  // namespace posthorn::async
