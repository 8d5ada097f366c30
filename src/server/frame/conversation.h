#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "net/stream.h"
#include "server/frame/deadline.h"

namespace posthorn::server::frame {

/// Input and output of one client of a line-based protocol (LMTP, submission, POP3). Replies are
/// collected until the server has to wait for the client (RFC 2920 §3.2), so a pipelined group of
/// commands is answered in one packet. No buffer is held while waiting for a command.
class Conversation {
 public:
  /// Once this much output is pending, it should be flushed before more is produced.
  static constexpr std::size_t kFullOctets = 64 << 10;

  Conversation(net::Stream& stream, std::chrono::milliseconds idle, std::chrono::milliseconds write)
      : stream_(stream), idle_(idle), write_(write), deadline_(stream) {}

  /// Appends octets exactly as they go over the wire.
  void say(std::string_view octets) { out_ += octets; }
  async::Task<Status> flush();
  /// The pending output, for callers that build long responses in place.
  [[nodiscard]] std::string& out() { return out_; }
  /// Returns true when a long response should be flushed before it continues.
  [[nodiscard]] bool is_full() const { return out_.size() >= kFullOctets; }
  /// Sets how long the client may be silent, from the next receive() on.
  void set_idle(std::chrono::milliseconds idle) { idle_ = idle; }
  /// What the client has to do in time, whatever it sends. Sessions check it before each line.
  [[nodiscard]] Deadline& deadline() { return deadline_; }

  /// Octets received and not yet consumed. Consume them by shrinking the view from the front.
  std::string_view& input() { return rest_; }
  /// Waits for more input. Requires: input() is empty. Errors: closed, timed_out (also if the
  /// deadline has passed, whatever was sent), io; unavailable if the stream was woken.
  async::Task<Status> receive();
  /// Announces that a message follows: larger portions are then read at a time.
  void expect_bulk(bool bulk) { bulk_ = bulk; }

  [[nodiscard]] net::Stream& stream() const { return stream_; }

 private:
  net::Stream& stream_;
  std::chrono::milliseconds idle_;
  const std::chrono::milliseconds write_;
  Deadline deadline_;
  std::string buffer_;
  std::string_view rest_;  ///< Points into buffer_.
  std::string out_;
  bool bulk_ = false;
};

}  // namespace posthorn::server::frame
