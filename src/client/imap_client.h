#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/flags.h"
#include "base/result.h"
#include "client/imap_reply.h"
#include "net/connect.h"
#include "net/stream.h"
#include "wire/imap/response/response_parser.h"

namespace posthorn::client {

enum class Security : std::uint8_t {
  none,      ///< In clear: for connections within this machine and for tests.
  starttls,  ///< RFC 9051 §6.2.1; an error if the server does not offer it.
  tls,       ///< From the first octet (RFC 8314 §3).
};

/// The address of a server and how to connect to it.
struct Endpoint {
  std::string host;
  std::uint16_t port = 993;
  Security security = Security::tls;
  std::shared_ptr<net::TlsClientContext> tls = {};  ///< Requires: not null unless security is none.
};

struct ClientLimits {
  std::chrono::milliseconds deadline{30'000};  ///< For each wait for the server.
  std::size_t response_octets = 256U << 20;    ///< One response with its literals.
  /// Kept for one ImapReply, including the overhead of keeping it.
  std::size_t untagged_octets = 512U << 20;
  std::size_t early_replies = 10'000;  ///< Commands that finish before their finish() is called.
};

/// The attributes of an appended message (RFC 9051 §6.3.12).
struct AppendOptions {
  FlagList flags = {};
  std::optional<Timestamp> received = {};
};

/// The client side of one IMAP connection. A command that the server refuses is not an error: check
/// the reply's condition. Errors: closed (its text is the server's BYE, if there was one),
/// timed_out, io, syntax, too_big; after an error the connection is unusable. Thread: the loop the
/// client was created on; one call at a time. wire::imap::Response parses the untagged responses.
class ImapClient {
 public:
  /// Returns the next octets of a literal; empty at the end.
  using Source = std::move_only_function<std::string_view()>;
  using UntaggedHandler = std::move_only_function<void(std::string_view)>;

  /// Uses an existing connection. Call greet() next.
  explicit ImapClient(std::unique_ptr<net::Stream> stream, ClientLimits limits = {});
  /// Connects, starts TLS and reads the greeting. Errors: also those of net::connect; not_supported
  /// if STARTTLS is required but not offered.
  static async::Task<Result<std::unique_ptr<ImapClient>>> connect(Endpoint endpoint,
                                                                  ClientLimits limits = {});
  ImapClient(const ImapClient&) = delete;
  ImapClient& operator=(const ImapClient&) = delete;

  /// Reads the greeting (RFC 9051 §7.1.1). Errors: unavailable if the server refuses with BYE.
  async::Task<Status> greet();
  /// Uses LOGIN, or AUTHENTICATE PLAIN if user or password cannot be quoted strings. Errors:
  /// auth_failed.
  async::Task<Status> login(std::string user, std::string password);
  /// Sends "tag text" and waits for the tagged reply. `text` has no CRLF; literals in it must be
  /// non-synchronising (RFC 7888).
  async::Task<Result<ImapReply>> command(std::string text);

  /// The two halves of command(), for pipelining (RFC 9051 §5.5). send() returns the tag. Untagged
  /// responses belong to the command that is finished first.
  async::Task<Result<std::string>> send(std::string text);
  async::Task<Result<ImapReply>> finish(std::string tag);

  /// Streams one message of exactly `size` octets; never holds more than the source returns at
  /// once. `mailbox` is in UTF-8. If the server refuses the literal, nothing is read from the
  /// source. Errors: also bad_argument if the source returns another number of octets; the
  /// connection is then shut down, because the literal cannot be completed.
  async::Task<Result<ImapReply>> append(std::string mailbox, AppendOptions options,
                                        std::uint64_t size, Source source);

  /// Starts IDLE (RFC 2177). After idle(), only idle_next() and idle_done() are allowed. Errors:
  /// not_supported if the server refuses.
  async::Task<Status> idle();
  /// Returns the next untagged response; none if none arrived within `wait` or stream().wake() was
  /// called. Holds no buffer while it waits.
  async::Task<Result<std::optional<std::string>>> idle_next(std::chrono::milliseconds wait);
  async::Task<Result<ImapReply>> idle_done();

  /// Sends LOGOUT and closes the connection.
  async::Task<Status> logout();

  /// Passes untagged responses to the handler instead of ImapReply::untagged. An empty handler ends
  /// that.
  void on_untagged(UntaggedHandler handler) { handler_ = std::move(handler); }
  /// Returns whether the latest CAPABILITY contains the name, ignoring case. The server may send
  /// its capabilities unasked; `command("CAPABILITY")` requests them.
  [[nodiscard]] bool has(std::string_view capability) const;
  [[nodiscard]] net::Stream& stream() { return *stream_; }

 private:
  async::Task<Result<std::string_view>> next_response(std::chrono::milliseconds wait);
  async::Task<Result<std::optional<std::string>>> until_continuation(std::string tag);
  async::Task<Status> stream_literal(std::uint64_t size, Source& source);
  async::Task<Result<ImapReply>> authenticate_plain(const std::string& user,
                                                    const std::string& password);
  async::Task<Status> secure(const Endpoint& endpoint);
  Status note(std::string_view response);
  void note_code(std::string_view code);
  ImapReply reply_of(std::string_view tagged);
  std::string next_tag();
  std::unexpected<Error> closed() const;

  std::unique_ptr<net::Stream> stream_;
  ClientLimits limits_;
  wire::imap::ResponseReceiver receiver_;
  std::string buffer_;     ///< Received octets.
  std::size_t begin_ = 0;  ///< Start of the octets not yet used.
  std::uint64_t tags_ = 0;
  std::string idle_tag_;
  std::string bye_;
  std::vector<std::string> capabilities_;  ///< In upper case.
  std::vector<std::string> untagged_;
  std::size_t untagged_size_ = 0;
  std::map<std::string, ImapReply, std::less<>>
      finished_;  ///< Commands that finished before finish() was called for them.
  UntaggedHandler handler_;
};

}  // namespace posthorn::client
