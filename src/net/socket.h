#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <coroutine>
#include <memory>
#include <span>
#include <string_view>

#include "async/event.h"
#include "async/loop.h"
#include "base/result.h"
#include "net/attempt.h"

// For use within net/ only, because it includes Asio.
namespace posthorn::net {

/// A non-blocking socket (connected, connecting or listening) on one loop: system calls that never
/// block, and waits for readiness with a deadline. Reference-counted, because a pending readiness
/// operation outlives close().
/// Thread: the loop's only.
class Socket : public std::enable_shared_from_this<Socket> {
 public:
  enum class Direction : unsigned char { read, write };
  enum class Outcome : unsigned char { ready, timed_out, woken, closed };
  enum class Wakeable : unsigned char { no, yes };

  /// Takes ownership of the descriptor, also on failure. Requires: Loop::current().
  static Result<std::shared_ptr<Socket>> adopt(int fd);
  explicit Socket(async::Loop& loop);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  Attempt read(std::span<char> into);
  Attempt write(std::string_view bytes);
  /// Returns `done` if data can be read. Copies the first octet to `first`, without removing it
  /// from the socket.
  Attempt peek(char& first);

  /// `co_await socket.wait(...)` returns an Outcome. `ready` may be spurious: try the operation,
  /// and wait again if necessary.
  class Wait;
  Wait wait(Direction direction, std::chrono::milliseconds deadline, Wakeable wakeable);
  /// Soon ends every wait that is Wakeable.
  void wake();
  /// Closes both directions: every wait soon ends with `closed`, and every later attempt fails.
  void shutdown_now();
  [[nodiscard]] bool is_shut() const { return shut_; }
  /// See Stream::peer_has_left().
  [[nodiscard]] bool peer_has_left();
  /// Tells the peer that no more data follows.
  void shutdown_send();
  /// Frees the descriptor. Waits end as with shutdown_now().
  void close();
  /// Returns the descriptor to the caller and otherwise acts as close(). Requires: no wait is
  /// pending.
  int release();
  /// -1 after close().
  [[nodiscard]] int fd() { return descriptor_.is_open() ? descriptor_.native_handle() : -1; }
  async::Loop& loop() { return loop_; }

 private:
  using Hook =
      boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
  // Auto-unlink: a waiting coroutine that is destroyed leaves its list.
  using Waits = boost::intrusive::list<Wait, boost::intrusive::base_hook<Hook>,
                                       boost::intrusive::constant_time_size<false>>;
  enum class Which : unsigned char { all, wakeable };

  void arm(Direction direction);
  void release(Direction direction, Outcome outcome, Which which);
  void resume_released();
  void resume_released_soon();
  Waits& waits(Direction direction);

  async::Loop& loop_;
  boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> descriptor_;
  struct Lists;
  std::unique_ptr<Lists> lists_;
  bool armed_[2] = {false, false};
  bool shut_ = false;
};

class Socket::Wait : public Socket::Hook {
 public:
  Wait(Socket& socket, Direction direction, std::chrono::milliseconds deadline, Wakeable wakeable)
      : socket_(socket), deadline_(deadline), direction_(direction), wakeable_(wakeable) {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  [[nodiscard]] bool await_ready();
  void await_suspend(std::coroutine_handle<> waiting);
  [[nodiscard]] Outcome await_resume() const { return outcome_; }

 private:
  friend class Socket;
  Socket& socket_;
  async::Timer timer_;
  std::chrono::milliseconds deadline_;
  std::coroutine_handle<> waiting_;
  Direction direction_;
  Wakeable wakeable_;
  Outcome outcome_ = Outcome::ready;
};

inline Socket::Wait Socket::wait(Direction direction, std::chrono::milliseconds deadline,
                                 Wakeable wakeable) {
  return Wait(*this, direction, deadline, wakeable);
}

}  // namespace posthorn::net
