#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "async/task.h"
#include "net/stream.h"

namespace posthorn::async {
class Loop;
}

namespace posthorn::server::frame {

/// The connections of one server, each a coroutine on its stream's loop, so that all can be ended.
class Connections {
 public:
  /// Serves the stream until it returns. A server that is to stop wakes the stream; stopping() then
  /// says why.
  using Serve = std::function<async::Task<void>(net::Stream&)>;

  Connections();
  /// Requires: stop() has ended, or nothing was ever started.
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// Thread: the stream's loop. `serve` and the stream are freed when its task has ended. A server
  /// that stops takes nothing new.
  void start(std::unique_ptr<net::Stream> stream, Serve serve);
  /// Wakes the streams of all loops, gives all of them one `grace` together, cuts what still runs
  /// then, and ends when nothing does. Called once. Thread: any loop's.
  async::Task<void> stop(std::chrono::milliseconds grace);
  [[nodiscard]] bool stopping() const { return stopping_.load(std::memory_order_relaxed); }
  /// Thread: any.
  [[nodiscard]] std::size_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  struct Home;
  async::Task<void> run(Home& home, std::unique_ptr<net::Stream> stream, Serve serve);
  /// Thread: the home's loop.
  static void begin_stop(Home& home, std::chrono::milliseconds grace);

  std::mutex mutex_;  ///< Of the map only; a Home is its loop's.
  std::map<async::Loop*, std::unique_ptr<Home>> homes_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> count_ = 0;
};

}  // namespace posthorn::server::frame
