#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "net/stream.h"

namespace posthorn::server::frame {

/// The octets of one client of a protocol of lines (LMTP, submission, POP3), both ways. Replies
/// gather until the client is waited for (RFC 2920 §3.2), so a pipelined group is answered in one
/// packet. Holds no buffer while it waits for a command.
class Conversation {
 public:
  /// Output beyond this is to be sent before more is made.
  static constexpr std::size_t kFullOctets = 64 << 10;

  Conversation(net::Stream& stream, std::chrono::milliseconds idle, std::chrono::milliseconds write)
      : stream_(stream), idle_(idle), write_(write) {}

  /// Octets for the client, as they go over the wire.
  void say(std::string_view octets) { out_ += octets; }
  async::Task<Status> flush();
  /// What is to be sent; for those who make long responses in place.
  [[nodiscard]] std::string& out() { return out_; }
  /// Time for a flush(), in the middle of a long response.
  [[nodiscard]] bool is_full() const { return out_.size() >= kFullOctets; }
  /// How long the client may be silent, from the next receive() on.
  void set_idle(std::chrono::milliseconds idle) { idle_ = idle; }

  /// What was received and not yet consumed; consume by shrinking it from the front.
  std::string_view& input() { return rest_; }
  /// Waits for more. Requires: input() is empty. Errors: closed, timed_out, io; unavailable when
  /// the stream was woken.
  async::Task<Status> receive();
  /// Before a message: larger portions at a time.
  void expect_bulk(bool bulk) { bulk_ = bulk; }

  [[nodiscard]] net::Stream& stream() const { return stream_; }

 private:
  net::Stream& stream_;
  std::chrono::milliseconds idle_;
  const std::chrono::milliseconds write_;
  std::string buffer_;
  std::string_view rest_;  ///< Of buffer_.
  std::string out_;
  bool bulk_ = false;
};

}  // namespace posthorn::server::frame
