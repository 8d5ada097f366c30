#include "async/gate.h"

#include <cassert>
#include <vector>

namespace posthorn::async {

struct Gate::State {
  std::size_t running = 0;
  std::vector<std::coroutine_handle<>> waiting;
};

namespace {

// A coroutine that nobody awaits: it starts at once and frees itself.
struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
};

template <class State>
Detached run(std::shared_ptr<State> state, Task<void> task) {
  {
    Task<void> own = std::move(task);
    co_await std::move(own);
    // Before the frame is destroyed, because the frame may hold the last owner of the gate.
    --state->running;
  }  // The frame is destroyed before anyone is told of the end.
  if (state->running > 0) co_return;
  for (const auto waiting : std::exchange(state->waiting, {})) waiting.resume();
}

template <class State>
struct Empty {
  std::shared_ptr<State> state;
  [[nodiscard]] bool await_ready() const { return state->running == 0; }
  void await_suspend(std::coroutine_handle<> h) const { state->waiting.push_back(h); }
  void await_resume() const {}
};

}  // namespace

Gate::Gate() : state_(std::make_shared<State>()) {}

Gate::~Gate() { assert(state_->running == 0); }

void Gate::spawn(Task<void> task) {
  ++state_->running;
  run(state_, std::move(task));
}

std::size_t Gate::running() const { return state_->running; }

Task<void> Gate::wait_empty() {
  const auto state = state_;
  while (state->running > 0) {
    Empty<State> empty{state};
    co_await empty;
  }
}

}  // namespace posthorn::async
