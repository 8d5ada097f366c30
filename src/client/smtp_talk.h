#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "net/stream.h"
#include "wire/smtp/reply.h"

namespace posthorn::client {

/// Output and replies of an SMTP client. Holds no buffer while it is idle. Errors: closed,
/// timed_out, io, and syntax and limit for a malformed or too long reply; after an error the
/// connection is unusable.
class SmtpTalk {
 public:
  using Milliseconds = std::chrono::milliseconds;
  explicit SmtpTalk(std::unique_ptr<net::Stream> stream) : stream_(std::move(stream)) {}

  /// Sends octets. `deadline` bounds each wait for the peer to accept them.
  async::Task<Status> say(std::string_view octets, Milliseconds deadline);
  /// Reads the next reply. `deadline` bounds the whole time, however slowly the octets arrive.
  async::Task<Result<wire::smtp::Reply>> hear(Milliseconds deadline);
  /// Returns whether the server has sent more than was read.
  [[nodiscard]] bool has_more() const { return !rest_.empty(); }
  [[nodiscard]] net::Stream& stream() { return *stream_; }

 private:
  async::Task<Status> receive(Milliseconds deadline);

  std::unique_ptr<net::Stream> stream_;
  wire::smtp::ReplyReader reader_;
  std::string buffer_;
  std::string_view rest_;  ///< Points into buffer_.
};

}  // namespace posthorn::client
