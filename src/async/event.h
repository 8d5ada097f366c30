#pragma once

#include <chrono>
#include <coroutine>
#include <functional>
#include <utility>

#include "async/loop.h"
#include "async/task.h"
#include "async/timer_queue.h"

namespace posthorn::async {

/// A wake-up for one waiter on one loop. `set` before `wait` is remembered; several sets are one.
/// set() resumes the waiter in place: whoever calls it must bear that, or post it. Thread: the
/// loop's only.
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
  /// Requires: nobody else waits.
  Awaiter wait() { return Awaiter{*this}; }

 private:
  bool set_ = false;
  std::coroutine_handle<> waiter_{};
};

/// Calls back once after a delay, on the loop it was made on; cancelled by destruction. Reused for
/// idle keep-alives and every deadline, so that no wait on a peer is without one. Setting and
/// cancelling is cheap (no system call, no allocation). Thread: the loop's only.
class Timer {
 public:
  Timer();  ///< Requires: Loop::current().
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  /// Replaces what was set before. `call` may destroy the timer. Anything over a year counts as a
  /// year.
  void set(std::chrono::milliseconds after, std::move_only_function<void()> call);
  void cancel();

 private:
  Loop& loop_;
  detail::TimerNode node_;
};

/// Waits on the current loop.
Task<void> sleep_for(std::chrono::milliseconds time);

}  // namespace posthorn::async
