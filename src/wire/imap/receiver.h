#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace posthorn::wire::imap {

/// Limits for one command, in octets unless said otherwise.
struct ReceiverLimits {
  std::size_t line = 64 * 1024;       ///< A line, between two literals or line ends.
  std::size_t literal = 100 * 1024;   ///< One literal that is kept in memory.
  std::size_t literals = 1000;        ///< The number of such literals in a command.
  std::size_t command = 1024 * 1024;  ///< The whole command, including its literals.
  /// Octets of a refused command that are read and discarded before the connection is given up.
  std::uint64_t discard = 256ULL * 1024 * 1024;

  /// The limits for a client that has not logged in.
  static constexpr ReceiverLimits before_login() {
    // Room for a token of 9 KB in base64 (RFC 7628); RFC 4954 §4 has the same limit of 12,288
    // octets for SMTP.
    return {.line = 12'544, .literal = 4096, .literals = 10, .command = 16384, .discard = 65536};
  }
};

/// `{n}` waits for the server's continuation, `{n+}` does not (RFC 7888 §3).
enum class LiteralSync : std::uint8_t { synchronising, non_synchronising };
/// `~{n}` may contain NUL (RFC 9051 §4.3).
enum class LiteralForm : std::uint8_t { text, binary };

/// The literal header at the end of a line.
struct LiteralHeader {
  std::size_t length = 0;  ///< Octets of the header itself, from '~' or '{' to '}'.
  std::uint64_t size = 0;  ///< UINT64_MAX if the number has more than 63 bits.
  LiteralSync sync = LiteralSync::synchronising;
  LiteralForm form = LiteralForm::text;
};

/// Returns whether `line`, without its line end, ends in a literal header: RFC 9051 §9 `literal`,
/// `literal8`.
bool find_literal_header(std::string_view line, LiteralHeader& header);

/// Returns the tag of a whole or partial command, or an empty view if there is none. RFC 9051 §9
/// `tag`.
std::string_view tag_of(std::string_view command);

/// The result of Receiver::next.
struct ReceiverEvent {
  enum class Kind : std::uint8_t {
    need_more,          ///< Read more and call again.
    need_continuation,  ///< Send "+ " and CRLF, then continue as for need_more (RFC 9051 §7.6).
    command,  ///< `text` is a whole command, with its literals inline and without the line end.
    append_literal,  ///< A message of APPEND or REPLACE follows. `text` is what precedes it: from
                     ///< the tag, or from the end of the previous message, up to and with the
                     ///< literal header.
    append_end,      ///< The APPEND is complete. `text` is what follows the last message.
    line,            ///< `text` is the line that was asked for.
    refused,         ///< A command was discarded because of `why`. `text` is its tag, or empty.
    lost,            ///< There is too much to discard: close the connection.
  };
  enum class Why : std::uint8_t {
    none,
    line_too_long,      ///< Answer BAD.
    literal_too_big,    ///< Answer NO [TOOBIG] (RFC 7888 §4).
    too_many_literals,  ///< Answer BAD.
    command_too_long,   ///< Answer NO [TOOBIG].
    by_caller,          ///< The caller called refuse().
  };
  Kind kind = Kind::need_more;
  Why why = Why::none;
  LiteralSync sync = LiteralSync::synchronising;
  LiteralForm form = LiteralForm::text;
  /// Octets at the start of the buffer that are no longer needed. Drop them after using `text`.
  std::size_t consumed = 0;
  /// Points into the buffer, or for `refused` into the Receiver. Valid until either is used again.
  std::string_view text;
  std::uint64_t size = 0;  ///< For append_literal: the size of the literal.
};

/// Splits the octets from a client into commands (RFC 9051 §2.2.1), one literal or line at a time.
/// It copies nothing: the caller keeps a buffer that begins with the first octet not yet consumed,
/// appends what it reads, and calls next() after each read and after each event until need_more.
///
/// The message literals of APPEND and REPLACE are never gathered. After append_literal, the caller
/// drops `consumed` octets, sends the continuation if the literal is synchronising, takes `size`
/// octets out of the stream itself and calls literal_done(); or it calls refuse().
class Receiver {
 public:
  enum class Expect : std::uint8_t {
    command,
    line,  ///< A line without literals: DONE, or the response to an AUTHENTICATE challenge.
  };

  explicit Receiver(const ReceiverLimits& limits = {}) : limits_(limits) {}

  void set_limits(const ReceiverLimits& limits) { limits_ = limits; }

  /// Returns the next event. No octet is examined twice, however slowly `buffer` grows.
  ReceiverEvent next(std::string_view buffer, Expect expect = Expect::command);

  /// The caller has taken the message announced by append_literal out of the buffer.
  void literal_done();

  /// Refuses the message announced by append_literal. The client does not send a synchronising
  /// literal then; any other literal and the rest of the command are discarded. Afterwards, next()
  /// reports `refused`.
  void refuse();

  /// True from append_literal until literal_done() or refuse().
  [[nodiscard]] bool awaits_message() const { return mode_ == Mode::append_message; }

  /// Discards a partial command, e.g. after STARTTLS.
  void reset();

  /// Returns whether a command has begun and not yet ended.
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
  std::size_t begin_ = 0;       // Start of the command, after blank lines.
  std::size_t line_start_ = 0;  // Start of the current line.
  std::size_t scanned_ = 0;     // Everything before this offset has been examined.
  std::size_t literal_left_ = 0;
  std::size_t literals_ = 0;
  std::uint64_t message_size_ = 0;
  std::uint64_t skip_ = 0;
  std::uint64_t discarded_ = 0;
  std::string tag_;  // The tag of a command whose beginning has left the buffer.
};

}  // namespace posthorn::wire::imap
