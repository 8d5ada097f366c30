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

/// One event loop, run by one thread. Everything that belongs to a loop (a connection, an account
/// at home there) is touched by its thread only.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs `work` on the loop's thread, soon, in the order posted. Thread: any. After the loop has
  /// run to its end, posted work is only destroyed, with the loop.
  void post(std::move_only_function<void()> work);
  /// The loop whose thread this is; null elsewhere.
  static Loop* current();
  [[nodiscard]] bool is_current() const { return current() == this; }

  /// Runs until stop() and then until nothing is posted. Called by the thread that owns the loop.
  void run();
  /// Thread: any.
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

  /// For net/ and signals only.
  boost::asio::io_context& native();

  /// For Timer only. Thread: the loop's.
  void set_timer(detail::TimerNode& node, std::chrono::milliseconds after);
  void cancel_timer(detail::TimerNode& node);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A fixed number of loops, each on a thread of its own.
class LoopPool {
 public:
  /// Requires: count > 0. Throws std::system_error, and leaves none running, if there is no thread.
  explicit LoopPool(std::size_t count);
  ~LoopPool();  ///< Stops and joins.
  LoopPool(const LoopPool&) = delete;
  LoopPool& operator=(const LoopPool&) = delete;
  [[nodiscard]] std::size_t size() const { return loops_.size(); }
  Loop& at(std::size_t i) { return *loops_[i]; }
  /// Round robin, for new connections. Thread: any.
  Loop& next();
  /// Thread: any but the loops' own. Again: no effect.
  void stop_and_join();

 private:
  struct Threads;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::unique_ptr<Threads> threads_;
};

}  // namespace posthorn::async
