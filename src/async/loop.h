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

namespace detail {
struct TimerNode;
}

/// An event loop, run by one thread. Objects that belong to a loop (a connection, an account whose
/// home loop it is) are only touched by its thread, and therefore need no locks.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs `work` on the loop's thread. What one thread posts runs in the order of posting; between
  /// threads there is no order, even where one post happens before the other. Work posted after
  /// run() has returned is not run; it is destroyed with the loop.
  /// Thread: any.
  void post(std::move_only_function<void()> work);
  /// Returns the loop that the calling thread runs, or null.
  static Loop* current();
  [[nodiscard]] bool is_current() const { return current() == this; }

  /// Runs until stop() was called and no posted work is left. Called by the thread that owns the
  /// loop.
  void run();
  /// Thread: any.
  void stop();

  /// `co_await loop.enter()` continues on the loop's thread, without suspending if the caller is
  /// there already.
  struct Enter {
    Loop& loop;
    [[nodiscard]] bool await_ready() const { return loop.is_current(); }
    void await_suspend(std::coroutine_handle<> h) const {
      loop.post([h] { h.resume(); });
    }
    void await_resume() const {}
  };
  Enter enter() { return Enter{*this}; }
  /// `co_await loop.yield()` lets all other ready work run first.
  struct Yield {
    Loop& loop;
    [[nodiscard]] bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> h) const {
      loop.post([h] { h.resume(); });
    }
    void await_resume() const {}
  };
  Yield yield() { return Yield{*this}; }

  /// For net/ and Signals only.
  boost::asio::io_context& native();

  /// For Timer only. Thread: the loop's.
  void set_timer(detail::TimerNode& node, std::chrono::milliseconds after);
  void cancel_timer(detail::TimerNode& node);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// While it exists, `Loop::current()` is null on this thread, as it is on the threads of a pool.
/// For work of a pool that has to run on a loop's thread because the pool's queue is full: it
/// behaves as on the pool, and blocks.
class OffLoop {
 public:
  OffLoop();
  ~OffLoop();
  OffLoop(const OffLoop&) = delete;
  OffLoop& operator=(const OffLoop&) = delete;

 private:
  Loop* const loop_;
};

/// A fixed number of loops, each with its own thread.
class LoopPool {
 public:
  /// Requires: count > 0. Throws std::system_error if a thread cannot be created; none is left
  /// running then.
  explicit LoopPool(std::size_t count);
  ~LoopPool();  ///< Stops and joins.
  LoopPool(const LoopPool&) = delete;
  LoopPool& operator=(const LoopPool&) = delete;
  [[nodiscard]] std::size_t size() const { return loops_.size(); }
  Loop& at(std::size_t i) { return *loops_[i]; }
  /// Returns the loops in turn, to spread new connections.
  /// Thread: any.
  Loop& next();
  /// Stops all loops and waits for their threads. A second call has no effect.
  /// Thread: any that is not a loop's own.
  void stop_and_join();

 private:
  struct Threads;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::unique_ptr<Threads> threads_;
};

}  // namespace posthorn::async
