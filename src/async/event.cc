#include "async/event.h"

#include <cassert>

namespace posthorn::async {

namespace {

Loop& required_loop() {
  assert(Loop::current());
  return *Loop::current();
}

struct Sleep {
  std::chrono::milliseconds time;
  Timer timer;
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    timer.set(time, [h] { h.resume(); });
  }
  void await_resume() const {}
};

}  // namespace

Timer::Timer() : loop_(required_loop()) {}

Timer::~Timer() { cancel(); }

void Timer::set(std::chrono::milliseconds after, std::move_only_function<void()> call) {
  node_.call = std::move(call);
  loop_.set_timer(node_, after);
}

void Timer::cancel() {
  loop_.cancel_timer(node_);
  node_.call = nullptr;
}

Task<void> sleep_for(std::chrono::milliseconds time) {
  Sleep sleep{.time = time, .timer = {}};
  co_await sleep;
}

}  // namespace posthorn::async
