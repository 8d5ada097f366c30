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

/// The parts that LMTP and submission share: lines, replies and the message in between.
namespace posthorn::server::smtp {

struct TalkSettings {
  std::string_view protocol;  ///< For the log: "lmtp".
  std::string hostname;
  std::size_t max_line = 4096;  ///< Octets of a command line.
  std::chrono::milliseconds idle;
  std::chrono::milliseconds write;
};

/// One client's lines and the server's replies. Belongs to its stream's loop.
class Talk {
 public:
  Talk(TalkSettings settings, const frame::Connections& connections, net::Stream& stream);

  void say(const wire::smtp::Reply& reply) { talk_.say(wire::smtp::format_reply(reply)); }
  async::Task<Status> flush() { return talk_.flush(); }
  /// Sets how long the client may be silent, from the next line on.
  void set_idle(std::chrono::milliseconds idle) { talk_.set_idle(idle); }
  /// What the client has to do in time, whatever it sends. When it has passed, the dialogue ends
  /// before the next line or portion of a message.
  [[nodiscard]] frame::Deadline& deadline() { return talk_.deadline(); }

  /// Whether shutdown waits for the current transaction.
  enum class Busy : std::uint8_t { no, in_transaction };
  /// Waits for the client's next line and returns it without its CRLF. Lines that are too long are
  /// answered here. None when the dialogue is over; the client has then been told, if there was
  /// something to tell.
  async::Task<std::optional<std::string>> next_line(Busy busy);
  /// Counts a command that could not be understood; after many in a row the connection is closed.
  void count_bad();
  /// Sets how many.
  void set_most_bad(std::uint32_t most) { most_bad_ = most; }
  void count_good() { bad_in_a_row_ = 0; }

  [[nodiscard]] bool is_open() const { return open_; }
  /// Ends the dialogue after the pending replies.
  void close() { open_ = false; }
  /// Ends the dialogue because of `error`; the client is told if possible.
  void lost(const Error& error);

  /// Answers STARTTLS and performs the handshake (RFC 3207). A null `tls` means that it is not
  /// offered. Returns true when TLS has begun; nothing said before counts then. If the client sent
  /// more octets after the command, the connection is closed, because they may come from an
  /// attacker.
  async::Task<bool> start_tls(std::shared_ptr<net::TlsContext> tls);

  /// Receives the octets of a message as they arrive. It cannot fail, so the dialogue stays in
  /// step.
  using Sink = std::function<async::Task<void>(std::string_view)>;
  /// Reads the message after DATA, including the final dot. Errors: the client is lost and has been
  /// told.
  async::Task<Status> read_data(const Sink& sink);
  /// Reads `octets` octets after BDAT. Errors: as read_data().
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
  std::uint32_t most_bad_ = 0;
  std::uint32_t bad_in_a_row_ = 0;
  bool open_ = true;
};

}  // namespace posthorn::server::smtp
