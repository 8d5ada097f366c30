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
  none,      ///< In clear: for this machine and for tests.
  starttls,  ///< RFC 9051 §6.2.1; refused when the server does not offer it.
  tls,       ///< From the first octet (RFC 8314 §3).
};

/// Where a server is.
struct Endpoint {
  std::string host;
  std::uint16_t port = 993;
  Security security = Security::tls;
  std::shared_ptr<net::TlsClientContext> tls = {};  ///< Requires: not null unless security is none.
};

struct ClientLimits {
  std::chrono::milliseconds deadline{30'000};  ///< For each wait for the server.
  std::size_t response_octets = 256U << 20;    ///< One response with its literals.
  std::size_t untagged_octets = 512U << 20;    ///< Kept for one ImapReply, with what keeping costs.
  std::size_t early_replies = 10'000;          ///< Commands that end before they are asked for.
};

/// What APPEND says of a message (RFC 9051 §6.3.12).
struct AppendOptions {
  FlagList flags = {};
  std::optional<Timestamp> received = {};
};

/// One IMAP connection, seen from the client. Commands that the server refuses are no errors: look
/// at the reply's condition. Errors: closed (its text is the server's BYE, if there was one),
/// timed_out, io, syntax, too_big; after one the connection is of no use. Thread: the loop's it was
/// made on; one call at a time. What is in an untagged response, wire::imap::Response reads.
class ImapClient {
 public:
  /// Gives the next octets of a literal; empty when there are no more.
  using Source = std::move_only_function<std::string_view()>;
  using UntaggedHandler = std::move_only_function<void(std::string_view)>;

  /// Over a connection that is made already; call greet() next.
  explicit ImapClient(std::unique_ptr<net::Stream> stream, ClientLimits limits = {});
  /// Connects, secures and greets. Errors: also those of net::connect; not_supported without
  /// STARTTLS.
  static async::Task<Result<std::unique_ptr<ImapClient>>> connect(Endpoint endpoint,
                                                                  ClientLimits limits = {});
  ImapClient(const ImapClient&) = delete;
  ImapClient& operator=(const ImapClient&) = delete;

  /// Takes the greeting (RFC 9051 §7.1.1). Errors: unavailable when the server refuses with BYE.
  async::Task<Status> greet();
  /// LOGIN, or AUTHENTICATE PLAIN where the words do not fit quoted strings. Errors: auth_failed.
  async::Task<Status> login(std::string user, std::string password);
  /// Sends "tag text" and waits for its end. `text` is without CRLF; literals in it are of the
  /// non-synchronizing kind (RFC 7888).
  async::Task<Result<ImapReply>> command(std::string text);

  /// The two halves of command(), for several commands at once (RFC 9051 §5.5): send() returns the
  /// tag. Untagged responses are counted to the command that is finished first.
  async::Task<Result<std::string>> send(std::string text);
  async::Task<Result<ImapReply>> finish(std::string tag);

  /// Streams one message of exactly `size` octets; never holds more than the source gives at once.
  /// `mailbox` is in UTF-8. When the server refuses the literal nothing is taken from the source.
  /// Errors: also bad_argument when the source gives another number of octets: then the connection
  /// is shut down, as the literal cannot be completed.
  async::Task<Result<ImapReply>> append(std::string mailbox, AppendOptions options,
                                        std::uint64_t size, Source source);

  /// RFC 2177. After idle() only idle_next() and idle_done() are allowed. Errors: not_supported
  /// when the server refuses.
  async::Task<Status> idle();
  /// The next untagged response; nothing when none came in `wait` or stream().wake() was called.
  /// Holds no buffer while it waits.
  async::Task<Result<std::optional<std::string>>> idle_next(std::chrono::milliseconds wait);
  async::Task<Result<ImapReply>> idle_done();

  /// LOGOUT, then closes.
  async::Task<Status> logout();

  /// Untagged responses go to the handler instead of ImapReply::untagged; an empty handler ends
  /// that.
  void on_untagged(UntaggedHandler handler) { handler_ = std::move(handler); }
  /// Whether the newest CAPABILITY names it, without regard to case. The server may say its
  /// capabilities unasked; `command("CAPABILITY")` asks.
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
  std::string buffer_;     ///< What was received.
  std::size_t begin_ = 0;  ///< Up to where it was used.
  std::uint64_t tags_ = 0;
  std::string idle_tag_;
  std::string bye_;
  std::vector<std::string> capabilities_;  ///< In upper case.
  std::vector<std::string> untagged_;
  std::size_t untagged_size_ = 0;
  std::map<std::string, ImapReply, std::less<>> finished_;  ///< Ended before they were asked for.
  UntaggedHandler handler_;
};

}  // namespace posthorn::client
