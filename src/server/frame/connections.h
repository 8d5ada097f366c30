#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>

#include "async/task.h"
#include "base/mutex.h"
#include "net/stream.h"

namespace posthorn::async {
class Loop;
}

namespace posthorn::server::frame {

/// The connections of one server. Each is a coroutine that runs on its stream's loop; keeping them
/// here allows the server to end all of them.
class Connections {
 public:
  /// Serves the stream until the session is over. To stop, the server wakes the stream; stopping()
  /// then tells the session why it was woken.
  using Serve = std::function<async::Task<void>(net::Stream&)>;

  Connections();
  /// Requires: stop() has finished, or no connection was ever started.
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// Starts serving a connection. `serve` and the stream are destroyed when the task has finished.
  /// A stopping server accepts nothing new. Thread: the stream's loop.
  void start(std::unique_ptr<net::Stream> stream, Serve serve);
  /// Wakes the streams of all loops, waits at most `grace` for all of them together, then cuts the
  /// connections that remain. Finishes when none is left. Called once. Thread: any loop's.
  async::Task<void> stop(std::chrono::milliseconds grace);
  [[nodiscard]] bool stopping() const { return stopping_.load(std::memory_order_relaxed); }
  /// Thread: any.
  [[nodiscard]] std::size_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  struct Home;
  async::Task<void> run(Home& home, std::unique_ptr<net::Stream> stream, Serve serve);
  /// Thread: the loop of `home`.
  static void begin_stop(Home& home, std::chrono::milliseconds grace);

  Mutex mutex_;
  /// The map is protected; each Home belongs to its loop.
  std::map<async::Loop*, std::unique_ptr<Home>> homes_ POSTHORN_GUARDED_BY(mutex_);
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> count_ = 0;
};

}  // namespace posthorn::server::frame
