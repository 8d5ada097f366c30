#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "net/stream.h"
#include "wire/smtp/reply.h"

namespace posthorn::bench {

/// One LMTP connection (RFC 2033), with pipelining (RFC 2920). Errors: those of net::Stream,
/// syntax, and io when the server refuses; after one the connection is of no use.
class LmtpClient {
 public:
  /// Connects and says LHLO.
  static async::Task<Result<std::unique_ptr<LmtpClient>>> connect(std::string host,
                                                                  std::uint16_t port);
  explicit LmtpClient(std::unique_ptr<net::Stream> stream) : stream_(std::move(stream)) {}

  /// One message to all the recipients; each must be accepted (RFC 2033 §4.2).
  async::Task<Status> deliver(const std::vector<std::string>& recipients, std::string_view message);
  async::Task<void> quit();

 private:
  async::Task<Status> expect(unsigned first_digit);
  std::unique_ptr<net::Stream> stream_;
  wire::smtp::ReplyReader reader_;
  std::string buffer_;
  std::size_t begin_ = 0;
};

}  // namespace posthorn::bench
