#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace posthorn::wire::imap {

/// Bounds on what is kept of one command, in octets unless said otherwise.
struct ReceiverLimits {
  std::size_t line = 64 * 1024;       ///< Between two literals or line ends.
  std::size_t literal = 100 * 1024;   ///< One gathered literal.
  std::size_t literals = 1000;        ///< Gathered literals in a command: a number.
  std::size_t command = 1024 * 1024;  ///< All of it, literals included.
  /// What is read and thrown away of a refused command before the connection is given up.
  std::uint64_t discard = 256ULL * 1024 * 1024;

  /// For a peer that has not logged in.
  static constexpr ReceiverLimits before_login() {
    // A token of 9 KB in base64 fits (RFC 7628); RFC 4954 §4 has the same 12,288 for SMTP.
    return {.line = 12'544, .literal = 4096, .literals = 10, .command = 16384, .discard = 65536};
  }
};

/// RFC 7888 §3: `{n}` waits for the server's go-ahead, `{n+}` does not.
enum class LiteralSync : std::uint8_t { synchronising, non_synchronising };
/// RFC 9051 §4.3: `~{n}` may hold NUL.
enum class LiteralForm : std::uint8_t { text, binary };

/// The end of a line that announces a literal.
struct LiteralHeader {
  std::size_t length = 0;  ///< Octets of the header itself, from '~' or '{' to '}'.
  std::uint64_t size = 0;  ///< UINT64_MAX for a number over 63 bits.
  LiteralSync sync = LiteralSync::synchronising;
  LiteralForm form = LiteralForm::text;
};

/// Whether `line`, without its line end, announces a literal: RFC 9051 §9 `literal`, `literal8`.
bool find_literal_header(std::string_view line, LiteralHeader& header);

/// The tag of a whole or partial command, empty if there is none. RFC 9051 §9 `tag`.
std::string_view tag_of(std::string_view command);

/// What Receiver::next found.
struct ReceiverEvent {
  enum class Kind : std::uint8_t {
    need_more,          ///< Read more and call again.
    need_continuation,  ///< Send "+ " and CRLF, then as need_more (RFC 9051 §7.6).
    command,            ///< `text` is a whole command, its literals inline, without the line end.
    append_literal,     ///< APPEND's message follows: `text` is what came before, from the tag or
                        ///< from the end of the last message to the literal header.
    append_end,         ///< APPEND is over: `text` is what follows the last message.
    line,               ///< `text` is a line, as asked for.
    refused,            ///< A command was thrown away, `why`; `text` is its tag or empty.
    lost,               ///< Too much to throw away: close the connection.
  };
  enum class Why : std::uint8_t {
    none,
    line_too_long,      ///< BAD.
    literal_too_big,    ///< NO [TOOBIG] (RFC 7888 §4).
    too_many_literals,  ///< BAD.
    command_too_long,   ///< NO [TOOBIG].
    by_caller,          ///< After refuse().
  };
  Kind kind = Kind::need_more;
  Why why = Why::none;
  LiteralSync sync = LiteralSync::synchronising;
  LiteralForm form = LiteralForm::text;
  /// Octets at the start of the buffer that are finished with: drop them, after using `text`.
  std::size_t consumed = 0;
  /// Points into the buffer (for `refused` into the Receiver); good until either is next used.
  std::string_view text;
  std::uint64_t size = 0;  ///< Of the literal, for append_literal.
};

/// Cuts a client's octets into commands (RFC 9051 §2.2.1), one literal or line at a time. Copies
/// nothing: the caller keeps a buffer that begins with the first octet not yet consumed, appends
/// what it reads, and calls next() after each read and after each event until need_more.
///
/// The message literals of APPEND are never gathered: after append_literal the caller drops
/// `consumed`, sends the continuation if the literal is synchronising, takes `size` octets itself
/// and calls literal_done(); or calls refuse().
class Receiver {
 public:
  enum class Expect : std::uint8_t {
    command,
    line,  ///< A line without literals: DONE, and what answers an AUTHENTICATE challenge.
  };

  explicit Receiver(const ReceiverLimits& limits = {}) : limits_(limits) {}

  void set_limits(const ReceiverLimits& limits) { limits_ = limits; }

  /// Looks at no octet twice, however small the steps in which `buffer` grows.
  ReceiverEvent next(std::string_view buffer, Expect expect = Expect::command);

  /// The message announced by append_literal has been taken out of the buffer.
  void literal_done();

  /// The message announced by append_literal is not wanted. A synchronising literal is not sent
  /// then; any other and the rest of its command are thrown away. next() ends it with `refused`.
  void refuse();

  /// After append_literal, until literal_done() or refuse().
  [[nodiscard]] bool awaits_message() const { return mode_ == Mode::append_message; }

  /// Forgets a partial command, e.g. after STARTTLS.
  void reset();

  /// Whether a command has begun and not ended.
  [[nodiscard]] bool in_command() const { return mode_ != Mode::start || scanned_ != 0; }

 private:
  enum class Mode : std::uint8_t { start, append_message, append_rest, discard, refused };

  ReceiverEvent gather(std::string_view buffer, Expect expect);
  ReceiverEvent discard(std::string_view buffer);
  ReceiverEvent need_more();
  ReceiverEvent on_literal(std::string_view buffer, std::size_t line_end,
                           const LiteralHeader& header);
  ReceiverEvent on_message(std::string_view buffer, std::size_t line_end,
                           const LiteralHeader& header);
  ReceiverEvent finish(ReceiverEvent::Kind kind, std::string_view text);
  ReceiverEvent end_refused(std::size_t consumed);
  void start_discard(std::string_view buffer, ReceiverEvent::Why why);
  bool take_literal(std::string_view buffer);
  void keep_tag(std::string_view buffer);

  ReceiverLimits limits_;
  Mode mode_ = Mode::start;
  ReceiverEvent::Why why_ = ReceiverEvent::Why::none;
  LiteralSync message_sync_ = LiteralSync::synchronising;
  // Offsets in the caller's buffer.
  std::size_t begin_ = 0;       // Of the command, after blank lines.
  std::size_t line_start_ = 0;  // Of the line being looked at.
  std::size_t scanned_ = 0;     // Everything before it has been looked at.
  std::size_t literal_left_ = 0;
  std::size_t literals_ = 0;
  std::uint64_t message_size_ = 0;
  std::uint64_t skip_ = 0;
  std::uint64_t discarded_ = 0;
  std::string tag_;  // Of a command whose beginning has left the buffer.
};

}  // namespace posthorn::wire::imap
