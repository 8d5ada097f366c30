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
#include "server/frame/deadline.h"
#include "wire/imap/receiver.h"

namespace posthorn::server::imap {

/// Input and output of one client: the octets received and not yet consumed, and those to be sent.
/// No buffer is held while it waits with nothing pending.
class Connection {
 public:
  /// Once this much output is pending, it is flushed before more is produced.
  static constexpr std::size_t kFullOctets = 64 * 1024;

  /// `connections` tells whether the server is stopping. Both must outlive this object.
  Connection(net::Stream& stream, const frame::Connections& connections,
             std::chrono::milliseconds write_time);

  /// Returns whether the server is stopping. Long computations should end then.
  [[nodiscard]] bool is_stopping() const { return connections_.stopping(); }
  [[nodiscard]] net::Stream& stream() const { return stream_; }
  [[nodiscard]] wire::imap::Receiver& receiver() { return receiver_; }

  /// By when the client must log in; later it ends sessions. After it next() takes nothing more.
  [[nodiscard]] frame::Deadline& deadline() { return deadline_; }
  [[nodiscard]] const frame::Deadline& deadline() const { return deadline_; }

  /// The pending output; append to it. Nothing is sent before a flush.
  [[nodiscard]] std::string& out() { return out_; }
  /// Returns true when a long response should `co_await flush()` before it continues.
  [[nodiscard]] bool is_full() const { return out_.size() >= kFullOctets; }
  async::Task<Status> flush();
  /// The number of octets written so far, including those pending in out().
  [[nodiscard]] std::uint64_t octets_out() const { return sent_ + out_.size(); }

  /// Selects whether wake() ends the wait.
  enum class News : std::uint8_t { ignore, end };
  struct Next {
    enum class Kind : std::uint8_t {
      event,      ///< The client sent something: see `event`.
      news,       ///< wake() was called: there may be changes to tell the client.
      stopping,   ///< The server is stopping: send BYE.
      timed_out,  ///< The client sent nothing within the time.
      late,       ///< The deadline has passed: send BYE with its words.
    };
    Kind kind = Kind::event;
    wire::imap::ReceiverEvent event = {};
  };
  /// Waits for the next event from the client. Synchronising literals are acknowledged here, and
  /// pending output is flushed before waiting. When the text of an event is no longer needed, call
  /// `consume(event.consumed)`. Errors: closed, io.
  async::Task<Result<Next>> next(wire::imap::Receiver::Expect expect,
                                 std::chrono::milliseconds deadline, News news = News::ignore);
  void consume(std::size_t octets);

  /// Waits for at least one and at most `limit` octets of a message literal; consume() them.
  /// Errors: closed, io, timed_out.
  async::Task<Result<std::string_view>> literal_octets(std::uint64_t limit,
                                                       std::chrono::milliseconds deadline);

  /// Returns whether input was received and not yet consumed.
  [[nodiscard]] bool has_input() const { return start_ < in_.size(); }

  /// Ends a running next() that was called with News::end, or else the next such call, with
  /// Kind::news. Thread: the session's loop.
  void wake();

 private:
  [[nodiscard]] std::string_view input() const { return std::string_view(in_).substr(start_); }
  async::Task<Status> read(std::size_t room, std::chrono::milliseconds deadline);
  void release_buffers();

  net::Stream& stream_;
  const frame::Connections& connections_;
  const std::chrono::milliseconds write_time_;
  frame::Deadline deadline_;
  wire::imap::Receiver receiver_;
  std::string in_;
  std::size_t start_ = 0;  ///< Offset in in_ of the first octet not consumed.
  std::string out_;
  std::uint64_t sent_ = 0;
  bool has_news_ = false;
};

}  // namespace posthorn::server::imap
