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

// For net/ only: this is where Asio shows.
namespace posthorn::net {

/// A connected (or connecting, or listening) non-blocking socket on one loop: system calls that
/// never wait, and waits for readiness with a deadline. Shared with the readiness call in flight,
/// which outlives close(). Thread: the loop's only.
class Socket : public std::enable_shared_from_this<Socket> {
 public:
  enum class Direction : unsigned char { read, write };
  enum class Outcome : unsigned char { ready, timed_out, woken, closed };
  enum class Wakeable : unsigned char { no, yes };

  /// Takes the descriptor over, also when it fails. Requires: Loop::current().
  static Result<std::shared_ptr<Socket>> adopt(int fd);
  explicit Socket(async::Loop& loop);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  Attempt read(std::span<char> into);
  Attempt write(std::string_view bytes);
  /// `done` when there is something to read; the first octet is left in `first`, and in the socket.
  Attempt peek(char& first);

  /// `co_await socket.wait(...)` gives an Outcome. `ready` may be false alarm: try, and wait again.
  class Wait;
  Wait wait(Direction direction, std::chrono::milliseconds deadline, Wakeable wakeable);
  /// Ends every wait that is Wakeable, soon.
  void wake();
  /// No more of either direction: every wait ends, soon, with `closed`, every try fails.
  void shutdown_now();
  [[nodiscard]] bool is_shut() const { return shut_; }
  /// See Stream::peer_has_left().
  [[nodiscard]] bool peer_has_left();
  /// Tells the peer that no more comes.
  void shutdown_send();
  /// Frees the descriptor; waits end as in shutdown_now().
  void close();
  /// Gives the descriptor away, as close() otherwise. Requires: nothing waits.
  int release();
  /// -1 after close().
  [[nodiscard]] int fd() { return descriptor_.is_open() ? descriptor_.native_handle() : -1; }
  async::Loop& loop() { return loop_; }

 private:
  using Hook =
      boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
  // Auto-unlink: a coroutine destroyed while it waits leaves the list it is in.
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
