#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "net/stream.h"
#include "wire/imap/receiver.h"

namespace posthorn::server::imap {

/// The octets of one client, both ways: what came and is not consumed, what is to be sent. Holds no
/// buffer while it waits with nothing pending.
class Connection {
 public:
  /// Output beyond this is written before more is made.
  static constexpr std::size_t kFullOctets = 64 * 1024;

  Connection(std::unique_ptr<net::Stream> stream, std::chrono::milliseconds write_time);

  [[nodiscard]] net::Stream& stream() { return *stream_; }
  [[nodiscard]] wire::imap::Receiver& receiver() { return receiver_; }

  /// What is to be sent; append to it. Nothing goes out before a flush.
  [[nodiscard]] std::string& out() { return out_; }
  /// Time for `co_await flush()`, in the middle of a long response.
  [[nodiscard]] bool is_full() const { return out_.size() >= kFullOctets; }
  async::Task<Status> flush();
  /// How much was sent so far, what waits in out() included.
  [[nodiscard]] std::uint64_t octets_out() const { return sent_ + out_.size(); }

  enum class Wake : std::uint8_t {
    ignore,  ///< Only stop() ends the wait.
    end,     ///< wake() does too.
  };
  struct Next {
    enum class Kind : std::uint8_t { event, woken, timed_out };
    Kind kind = Kind::event;
    wire::imap::ReceiverEvent event = {};
  };
  /// The next thing the client said; answers synchronising literals by itself. What waits to be
  /// sent is flushed before waiting. After an event `consume(event.consumed)` is due once its text
  /// is done with. Errors: closed, io.
  async::Task<Result<Next>> next(wire::imap::Receiver::Expect expect,
                                 std::chrono::milliseconds deadline, Wake wake = Wake::ignore);
  void consume(std::size_t octets);

  /// Up to `limit` octets of a message literal, at least one; consume() them. Errors: closed, io,
  /// timed_out.
  async::Task<Result<std::string_view>> literal_octets(std::uint64_t limit,
                                                       std::chrono::milliseconds deadline);

  /// Something was received and not consumed.
  [[nodiscard]] bool has_input() const { return start_ < in_.size(); }

  /// Ends a next() that was told Wake::end with `woken`, or the one to come. Thread: the loop's.
  void wake();
  /// Ends next() soon with `woken`, whatever it was told about wake(). Thread: the loop's.
  void stop();
  [[nodiscard]] bool is_stopping() const { return stopping_; }

 private:
  [[nodiscard]] std::string_view input() const { return std::string_view(in_).substr(start_); }
  async::Task<Status> read(std::size_t room, std::chrono::milliseconds deadline);
  void release_buffers();

  std::unique_ptr<net::Stream> stream_;
  const std::chrono::milliseconds write_time_;
  wire::imap::Receiver receiver_;
  std::string in_;
  std::size_t start_ = 0;  ///< Of what is not consumed in in_.
  std::string out_;
  std::uint64_t sent_ = 0;
  bool woken_ = false;
  bool stopping_ = false;
};

}  // namespace posthorn::server::imap
