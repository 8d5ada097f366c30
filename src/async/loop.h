#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace posthorn::async {

/// One event loop, run by one thread. Everything that belongs to a loop (a connection, an account at
/// home there) is touched by its thread only.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs `work` on the loop's thread, soon, in the order posted. Thread: any.
  void post(std::move_only_function<void()> work);
  /// The loop whose thread this is; null elsewhere.
  static Loop* current();
  [[nodiscard]] bool is_current() const { return current() == this; }

  /// Runs until stop() and then until nothing is posted. Called by the thread that owns the loop.
  void run();
  void stop();

  /// `co_await loop.enter()` goes on on the loop's thread; at once when already there.
  struct Enter {
    Loop& loop;
    [[nodiscard]] bool await_ready() const { return loop.is_current(); }
    void await_suspend(std::coroutine_handle<> h) const {
      loop.post([h] { h.resume(); });
    }
    void await_resume() const {}
  };
  Enter enter() { return Enter{*this}; }
  /// `co_await loop.yield()` lets everything else that is ready run first.
  struct Yield {
    Loop& loop;
    [[nodiscard]] bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> h) const {
      loop.post([h] { h.resume(); });
    }
    void await_resume() const {}
  };
  Yield yield() { return Yield{*this}; }

  /// For net/ and timers only.
  boost::asio::io_context& native();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A fixed number of loops, each on a thread of its own.
class LoopPool {
 public:
  explicit LoopPool(std::size_t count);
  ~LoopPool();  ///< Stops and joins.
  [[nodiscard]] std::size_t size() const { return loops_.size(); }
  Loop& at(std::size_t i) { return *loops_[i]; }
  /// Round robin, for new connections.
  Loop& next();
  void stop_and_join();

 private:
  struct Threads;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::unique_ptr<Threads> threads_;
};

}  // namespace posthorn::async
