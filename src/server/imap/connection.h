#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "net/stream.h"
#include "server/frame/connections.h"
#include "wire/imap/receiver.h"

namespace posthorn::server::imap {

/// The octets of one client, both ways: what came and is not consumed, what is to be sent. Holds no
/// buffer while it waits with nothing pending.
class Connection {
 public:
  /// Output beyond this is written before more is made.
  static constexpr std::size_t kFullOctets = 64 * 1024;

  /// `connections` says when the server is stopping. Both must outlive this.
  Connection(net::Stream& stream, const frame::Connections& connections,
             std::chrono::milliseconds write_time);

  /// Whether the server is stopping: what computes for long should end.
  [[nodiscard]] bool is_stopping() const { return connections_.stopping(); }
  [[nodiscard]] net::Stream& stream() const { return stream_; }
  [[nodiscard]] wire::imap::Receiver& receiver() { return receiver_; }

  /// What is to be sent; append to it. Nothing goes out before a flush.
  [[nodiscard]] std::string& out() { return out_; }
  /// Time for `co_await flush()`, in the middle of a long response.
  [[nodiscard]] bool is_full() const { return out_.size() >= kFullOctets; }
  async::Task<Status> flush();
  /// How much was sent so far, what waits in out() included.
  [[nodiscard]] std::uint64_t octets_out() const { return sent_ + out_.size(); }

  /// Whether news (wake()) end the wait.
  enum class News : std::uint8_t { ignore, end };
  struct Next {
    enum class Kind : std::uint8_t {
      event,      ///< The client said something.
      news,       ///< There is something to tell the client.
      stopping,   ///< The server is stopping: say good-bye.
      timed_out,  ///< The client said nothing within the time.
    };
    Kind kind = Kind::event;
    wire::imap::ReceiverEvent event = {};
  };
  /// The next thing the client said; answers synchronising literals by itself. What waits to be
  /// sent is flushed before waiting. After an event `consume(event.consumed)` is due once its text
  /// is done with. Errors: closed, io.
  async::Task<Result<Next>> next(wire::imap::Receiver::Expect expect,
                                 std::chrono::milliseconds deadline, News news = News::ignore);
  void consume(std::size_t octets);

  /// Up to `limit` octets of a message literal, at least one; consume() them. Errors: closed, io,
  /// timed_out.
  async::Task<Result<std::string_view>> literal_octets(std::uint64_t limit,
                                                       std::chrono::milliseconds deadline);

  /// Something was received and not consumed.
  [[nodiscard]] bool has_input() const { return start_ < in_.size(); }

  /// There are news: ends with `news` a next() that was told News::end, or the one to come.
  /// Thread: the loop's.
  void wake();

 private:
  [[nodiscard]] std::string_view input() const { return std::string_view(in_).substr(start_); }
  async::Task<Status> read(std::size_t room, std::chrono::milliseconds deadline);
  void release_buffers();

  net::Stream& stream_;
  const frame::Connections& connections_;
  const std::chrono::milliseconds write_time_;
  wire::imap::Receiver receiver_;
  std::string in_;
  std::size_t start_ = 0;  ///< Of what is not consumed in in_.
  std::string out_;
  std::uint64_t sent_ = 0;
  bool has_news_ = false;
};

}  // namespace posthorn::server::imap
