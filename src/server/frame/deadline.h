#pragma once

#include <chrono>
#include <memory>

#include "async/event.h"
#include "net/stream.h"

namespace posthorn::server::frame {

/// The point in time by which a client must have done something, such as log in, whatever it sends
/// until then. A session checks it before it takes the client's next octets, even if they are
/// already there; a limit on each wait would be granted anew with every octet. At first there is
/// no deadline. Belongs to its stream's loop.
class Deadline {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// How long after a deadline of the kind Late::cut the stream is shut down. A login in progress
  /// may be delayed (auth::Throttle), and its reply should still be sent.
  static constexpr std::chrono::seconds kGrace{30};

  /// `stream` must outlive this object.
  explicit Deadline(net::Stream& stream) : stream_(stream) {}

  /// What happens to a client that prevents its session from noticing, since it does not take what
  /// the server sends.
  enum class Late : bool {
    wait,  ///< Nothing.
    cut,   ///< The stream is shut down kGrace after the deadline.
  };
  /// Counts from now. To be called on the stream's loop.
  void set(std::chrono::milliseconds time, Late late);
  /// The client has done what it had to do.
  void clear();
  [[nodiscard]] bool has_passed() const;
  /// Returns the shorter of `wait` and the time that is left, but at least 1 ms.
  [[nodiscard]] std::chrono::milliseconds limit(std::chrono::milliseconds wait) const;

 private:
  net::Stream& stream_;
  Time at_ = Time::max();
  std::unique_ptr<async::Timer>
      cut_;  ///< Allocated only while needed: most sessions are logged in.
};

}  // namespace posthorn::server::frame
