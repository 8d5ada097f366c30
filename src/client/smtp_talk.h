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

/// Octets out, replies in: what an SMTP client is made of. Holds no buffer while nothing is under
/// way. Errors: closed, timed_out, io, syntax and limit (a reply that is none, or too long); after
/// one the connection is of no use.
class SmtpTalk {
 public:
  using Milliseconds = std::chrono::milliseconds;
  explicit SmtpTalk(std::unique_ptr<net::Stream> stream) : stream_(std::move(stream)) {}

  /// `deadline` bounds every wait for the peer to take octets.
  async::Task<Status> say(std::string_view octets, Milliseconds deadline);
  /// The next reply. `deadline` bounds the whole, however the octets trickle in.
  async::Task<Result<wire::smtp::Reply>> hear(Milliseconds deadline);
  /// Whether the server has said more than was heard.
  [[nodiscard]] bool has_more() const { return !rest_.empty(); }
  [[nodiscard]] net::Stream& stream() { return *stream_; }

 private:
  async::Task<Status> receive(Milliseconds deadline);

  std::unique_ptr<net::Stream> stream_;
  wire::smtp::ReplyReader reader_;
  std::string buffer_;
  std::string_view rest_;  ///< Of buffer_.
};

}  // namespace posthorn::client
