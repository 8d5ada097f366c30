#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "async/event.h"
#include "net/stream.h"

namespace posthorn::server::frame {

/// The point in time by which a client must have done something, such as log in, whatever it sends
/// until then. A session checks it before it takes the client's next octets, even if they are
/// already there; a limit on each wait would be granted anew with every octet. At first there is no
/// deadline. It is also how a session is ended from outside. Belongs to its stream's loop.
class Deadline {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// How long after a deadline of the kind Late::cut the stream is shut down. A login in progress
  /// may be delayed (auth::Throttle), and its reply should still be sent.
  static constexpr std::chrono::seconds kGrace{30};
  static constexpr std::chrono::milliseconds kParting{500};

  /// `stream` must outlive this object.
  explicit Deadline(net::Stream& stream) : stream_(stream) {}

  /// What happens to a client that prevents its session from noticing, since it does not take what
  /// the server sends.
  enum class Late : bool {
    wait,  ///< Nothing.
    cut,   ///< The stream is shut down kGrace after the deadline.
  };
  /// Counts from now. To be called on the stream's loop.
  /// A client that is late is told `words`, which must be static.
  void set(std::chrono::milliseconds time, Late late, std::string_view words);
  /// Ends the session from outside: the deadline passes now. A session that waits for its client is
  /// woken. One that is in the middle of a command may end that, and has kParting for it and its
  /// last words; then the stream is shut down. To be called on the stream's loop.
  void pass_now(std::string_view words);
  /// The client has done what it had to do.
  void clear();
  [[nodiscard]] bool has_passed() const;
  [[nodiscard]] std::string_view words() const { return words_; }
  /// Returns the shorter of `wait` and the time that is left, but at least 1 ms.
  [[nodiscard]] std::chrono::milliseconds limit(std::chrono::milliseconds wait) const;

 private:
  void cut_after(std::chrono::milliseconds time);

  net::Stream& stream_;
  Time at_ = Time::max();
  std::string_view words_;
  std::unique_ptr<async::Timer>
      cut_;  ///< Allocated only while needed: most sessions are logged in.
};

}  // namespace posthorn::server::frame
