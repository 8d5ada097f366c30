#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "net/stream.h"

namespace posthorn::server::http {

/// What a client has sent and nobody has consumed yet. It never exceeds what the caller left
/// unconsumed plus one portion.
class ClientInput {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kHeaderPortion = 2 << 10;
  static constexpr std::size_t kBodyPortion = 16 << 10;

  explicit ClientInput(net::Stream& stream) : stream_(stream) {}

  /// Valid until the next wait(), receive() or drain().
  [[nodiscard]] std::string_view rest() const { return std::string_view(buffer_).substr(at_); }
  void consume(std::size_t octets) { at_ += octets; }

  /// Waits for the first octet of a request, without a buffer if there is no rest. Errors: those
  /// of the stream; unavailable if the server is stopping.
  async::Task<Status> wait(std::chrono::milliseconds idle_time);
  /// Reads one portion behind the rest. Errors: those of the stream; closed if the client has hung
  /// up; timed_out if nothing has come at `until`.
  async::Task<Status> receive(Time until, std::size_t portion);
  /// Reads and discards, until the client hangs up or a limit is reached. If a socket is closed
  /// with unread octets, the system discards what the client has not yet read of the last response
  /// (RFC 9112 §9.6).
  async::Task<void> drain();

 private:
  net::Stream& stream_;
  std::string buffer_;
  std::size_t at_ = 0;  ///< Consumed octets at the front of the buffer.
};

}  // namespace posthorn::server::http
