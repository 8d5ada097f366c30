#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "admin/admin.h"
#include "net/stream.h"

namespace posthorn::admin {

/// Objects of JSON, one a line, and octets behind those that announce them: what is spoken on the
/// admin socket, on both sides. Both trust each other (the socket is mode 0600), but not to be
/// without faults: a line is bounded.
class JsonChannel {
 public:
  static constexpr std::size_t kMaxLine = 4 << 20;
  /// For a peer that answers at once or not at all.
  static constexpr std::chrono::milliseconds kPatience = std::chrono::hours(1);

  explicit JsonChannel(net::Stream& stream) : stream_(stream) {}

  /// Errors: closed at the orderly end, syntax, too_big, io.
  async::Task<Result<Json>> read();
  async::Task<Status> write(const Json& json);
  /// The answer and, behind it, its octets.
  async::Task<Status> write(Answer answer);

  /// `count` octets that follow what read() returned. To be read to the end before the next read().
  std::unique_ptr<OctetSource> octets(std::uint64_t count);

 private:
  class Incoming;
  async::Task<Status> fill();

  net::Stream& stream_;
  std::string buffer_;
  std::size_t at_ = 0;
};

/// Sends all of a source.
async::Task<Status> send_octets(net::Stream& stream, OctetSource& source);

}  // namespace posthorn::admin
