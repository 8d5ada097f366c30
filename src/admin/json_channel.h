#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "admin/admin.h"
#include "net/stream.h"

namespace posthorn::admin {

/// One end of a connection of the admin socket: JSON objects, one on each line, and octets after
/// those that announce them. Both ends trust each other (the socket has mode 0600), but they may
/// have bugs, so the length of a line is bounded.
class JsonChannel {
 public:
  static constexpr std::size_t kMaxLine = 4 << 20;
  /// Deadline of each read and write. It is long because the peer may compute before it answers.
  static constexpr std::chrono::milliseconds kPatience = std::chrono::hours(1);

  explicit JsonChannel(net::Stream& stream) : stream_(stream) {}

  [[nodiscard]] const net::Stream& stream() const { return stream_; }
  /// Errors: closed at an orderly end, syntax, too_big, io.
  async::Task<Result<Json>> read();
  async::Task<Status> write(const Json& json);
  /// Writes an answer and its octets.
  async::Task<Status> write(Answer answer);

  /// Returns the `count` octets that follow the object returned by read(). Read them to the end
  /// before the next read().
  std::unique_ptr<OctetSource> octets(std::uint64_t count);

 private:
  class Incoming;
  async::Task<Status> fill();

  net::Stream& stream_;
  std::string buffer_;
  std::size_t at_ = 0;
};

/// Sends all octets of a source.
async::Task<Status> send_octets(net::Stream& stream, OctetSource& source);

}  // namespace posthorn::admin
