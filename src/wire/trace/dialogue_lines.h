#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace posthorn::wire::trace {

enum class Protocol : std::uint8_t { imap, pop3, smtp };
enum class Side : std::uint8_t { client, server };

/// Makes lines of a dialogue after the login, for people. It shows what a client and a server do,
/// but neither secrets nor mail: the arguments of login commands are cut, and so are IMAP's
/// literals and the messages of POP3 and SMTP. Holds at most one line of each side.
class DialogueLines {
 public:
  /// A longer line is cut, and says so.
  static constexpr std::size_t kMaxLine = 2000;
  using Show = std::function<void(Side, std::string_view line)>;

  explicit DialogueLines(Protocol protocol) : protocol_(protocol) {}
  /// Calls `show` for each line that the octets complete.
  void feed(Side from, std::string_view octets, const Show& show);

 private:
  struct Half {
    std::string line = {};
    std::uint64_t longer = 0;   ///< Octets of the line that were dropped.
    std::string end = {};       ///< The last of them: a literal may be announced there.
    std::uint64_t literal = 0;  ///< Octets that are still to be skipped.
    std::uint64_t cut = 0;      ///< Octets of the message so far, while one is skipped.
    bool in_message = false;    ///< Until a line with a single dot.
  };
  void end_line(Side from, const Show& show);
  void read_line(Side from, std::string_view line);
  /// Returns whether the line was part of a message.
  bool skip_message(Side from, std::string_view line, std::uint64_t octets, const Show& show);
  [[nodiscard]] std::string without_secrets(Side from, std::string_view line) const;

  const Protocol protocol_;
  Half halves_[2];
  bool answers_message_ =
      false;                    ///< POP3: the server's next positive reply has a message behind it.
  bool sends_message_ = false;  ///< SMTP: the client's message follows the server's 354.
  bool continues_login_ = false;  ///< IMAP, SMTP: the client's next line may be a secret.
};

}  // namespace posthorn::wire::trace
