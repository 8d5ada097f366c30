#pragma once

#include <atomic>
#include <coroutine>
#include <functional>
#include <memory>

#include "async/loop.h"
#include "async/offload.h"

namespace posthorn::async {

/// Work that was submitted to an offload pool and is awaited later. `co_await begun` resumes when
/// the work is done; it may be awaited at most once. Between submission and await, the loop is free
/// to do other work. Destroying a Begun does not cancel the work, and whatever the work refers to
/// must outlive it. Await it to be sure that it has finished.
/// Thread: one loop's.
class Begun {
 public:
  Begun() = default;  ///< Nothing to wait for.
  /// If the pool's queue is full, the work runs in place, as with offload().
  Begun(OffloadPool& pool, std::move_only_function<void()> work)
      : state_(std::make_shared<State>()) {
    auto job = std::make_shared<std::move_only_function<void()>>(std::move(work));
    const auto run = [state = state_, job] {
      (*job)();
      state->finish();
    };
    if (pool.submit(run)) return;
    const OffLoop off;
    run();
  }

  /// Returns true if awaiting will not suspend.
  [[nodiscard]] bool is_done() const {
    return !state_ || state_->step.load(std::memory_order_acquire) == Step::done;
  }

  [[nodiscard]] bool await_ready() const { return is_done(); }
  bool await_suspend(std::coroutine_handle<> h) {
    state_->waiting = h;
    state_->home = Loop::current();
    Step running = Step::running;
    return state_->step.compare_exchange_strong(running, Step::awaited, std::memory_order_acq_rel);
  }
  void await_resume() { state_.reset(); }

 private:
  enum class Step : unsigned char { running, awaited, done };
  struct State {
    std::atomic<Step> step{Step::running};
    std::coroutine_handle<> waiting;
    Loop* home = nullptr;

    void finish() {
      if (step.exchange(Step::done, std::memory_order_acq_rel) != Step::awaited) return;
      home->post([h = waiting] { h.resume(); });
    }
  };
  std::shared_ptr<State> state_;
};

}  // namespace posthorn::async
