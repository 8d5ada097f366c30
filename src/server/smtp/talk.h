#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "server/frame/connections.h"
#include "server/frame/conversation.h"
#include "wire/lex/line_reader.h"
#include "wire/smtp/reply.h"

namespace posthorn::net {
class TlsContext;
}

/// What LMTP and submission share: the dialogue of lines and replies, and the message in between.
namespace posthorn::server::smtp {

struct TalkSettings {
  std::string_view protocol;  ///< For the log: "lmtp".
  std::string hostname;
  std::size_t max_line = 4096;  ///< Octets of a command.
  std::chrono::milliseconds idle;
  std::chrono::milliseconds write;
};

/// One client's lines and our replies. Belongs to its stream's loop.
class Talk {
 public:
  Talk(TalkSettings settings, const frame::Connections& connections, net::Stream& stream);

  void say(const wire::smtp::Reply& reply) { talk_.say(wire::smtp::format_reply(reply)); }
  async::Task<Status> flush() { return talk_.flush(); }
  /// How long the client may be silent, from the next line on.
  void set_idle(std::chrono::milliseconds idle) { talk_.set_idle(idle); }

  /// Whether a stop of the server waits for what is under way.
  enum class Busy : std::uint8_t { no, in_transaction };
  /// The client's next line, without its CRLF. Too long ones are answered here. None when the
  /// dialogue is over; what there was to say about it is said.
  async::Task<std::optional<std::string>> next_line(Busy busy);
  /// One that could not be understood; after many in a row the client is sent away.
  void count_bad();
  void count_good() { bad_in_a_row_ = 0; }

  [[nodiscard]] bool is_open() const { return open_; }
  /// The dialogue ends after what has been said.
  void close() { open_ = false; }
  /// It ends because of `error`, which the client is told if it can be.
  void lost(const Error& error);

  /// RFC 3207: answers the command and shakes hands. `tls` null: it is not offered. True when TLS
  /// has begun; then nothing that was said before counts. A client that sent more behind the
  /// command is sent away, as nobody knows who wrote that.
  async::Task<bool> start_tls(std::shared_ptr<net::TlsContext> tls);

  /// Given the octets of a message as they come; never fails, so that the dialogue stays in step.
  using Sink = std::function<async::Task<void>(std::string_view)>;
  /// After DATA, up to and with the dot. Errors: the client is lost, which it was told.
  async::Task<Status> read_data(const Sink& sink);
  /// After BDAT, so many octets. Errors: as read_data().
  async::Task<Status> read_chunk(std::uint64_t octets, const Sink& sink);

  [[nodiscard]] net::Stream& stream() const { return talk_.stream(); }
  [[nodiscard]] const std::string& hostname() const { return settings_.hostname; }

 private:
  async::Task<Status> fill();
  async::Task<Status> receive_data(const Sink& sink);
  async::Task<Status> receive_chunk(std::uint64_t octets, const Sink& sink);
  Status ended(Status read);

  const TalkSettings settings_;
  const frame::Connections& connections_;
  frame::Conversation talk_;
  wire::lex::LineReader lines_;
  std::uint32_t bad_in_a_row_ = 0;
  bool open_ = true;
};

}  // namespace posthorn::server::smtp
