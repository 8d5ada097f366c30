#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wire/smtp/address.h"

/// SMTP and LMTP commands as values: RFC 5321 §4.1, RFC 2033 and the extensions named below.
/// `kName` is the name of a command as sent, in upper case.
namespace posthorn::wire::smtp {

enum class Greeting : std::uint8_t { helo, ehlo, lhlo };
struct Hello {
  /// By Greeting.
  static constexpr std::array<std::string_view, 3> kNames{"HELO", "EHLO", "LHLO"};
  Greeting verb = Greeting::lhlo;
  std::string name;  ///< A domain or address literal, as written. It is not trusted.
};

enum class Body : std::uint8_t { seven_bit, eight_bit_mime, binary_mime };
enum class Ret : std::uint8_t { full, headers };
struct MailParameters {
  std::optional<std::uint64_t> size = {};  ///< As declared by the client, in octets (RFC 1870).
  Body body = Body::seven_bit;             ///< RFC 6152, RFC 3030.
  bool smtputf8 = false;                   ///< RFC 6531.
  std::optional<Ret> ret = {};             ///< RFC 3461 §4.3.
  std::optional<std::string> envid = {};   ///< RFC 3461 §4.4, decoded.
  std::optional<std::string> auth = {};    ///< RFC 4954 §5, decoded; "<>" when unknown.
  /// Time of release: seconds from now, or seconds since 1970 (RFC 4865 §4). Never both.
  std::optional<std::uint64_t> hold_for = {};
  std::optional<std::int64_t> hold_until = {};
};
struct Mail {
  static constexpr std::string_view kName = "MAIL";
  Address from;  ///< Both parts are empty for the null path.
  MailParameters parameters = {};
};

/// RFC 3461 §4.1. All false if the client requested nothing.
struct Notify {
  bool never = false;
  bool success = false;
  bool failure = false;
  bool delay = false;
  friend bool operator==(const Notify&, const Notify&) = default;
};
/// RFC 3461 §4.2, decoded.
struct OriginalRecipient {
  std::string type;  ///< "rfc822"
  std::string address;
  friend bool operator==(const OriginalRecipient&, const OriginalRecipient&) = default;
};
struct Rcpt {
  static constexpr std::string_view kName = "RCPT";
  Address to;
  Notify notify = {};
  std::optional<OriginalRecipient> orcpt = {};
};

struct Data {
  static constexpr std::string_view kName = "DATA";
};
/// RFC 3030 §2. This number of octets follows the line, whatever the reply is.
struct Bdat {
  static constexpr std::string_view kName = "BDAT";
  std::uint64_t octets = 0;
  bool last = false;
};
struct Rset {
  static constexpr std::string_view kName = "RSET";
};
struct Noop {
  static constexpr std::string_view kName = "NOOP";
};
struct Quit {
  static constexpr std::string_view kName = "QUIT";
};
/// RFC 3207.
struct StartTls {
  static constexpr std::string_view kName = "STARTTLS";
};
struct Vrfy {
  static constexpr std::string_view kName = "VRFY";
  std::string argument;
};
struct Help {
  static constexpr std::string_view kName = "HELP";
  std::string topic;
};
/// RFC 4954 §4.
struct Auth {
  static constexpr std::string_view kName = "AUTH";
  std::string mechanism;               ///< In upper case.
  std::optional<std::string> initial;  ///< In base64, as written; "=" is an empty response.
};

/// Postfix's XCLIENT_README. What else may be said of the client is ignored.
struct Xclient {
  static constexpr std::string_view kName = "XCLIENT";
  std::optional<std::string> address = {};  ///< In its usual form; none if it is not known.
  std::optional<std::uint16_t> port = {};
};

using Command = std::variant<Hello, Mail, Rcpt, Data, Bdat, Rset, Noop, Quit, StartTls, Vrfy, Help,
                             Auth, Xclient>;

/// Returns the names of the alternatives of Command, by their index. That of Hello is EHLO.
std::vector<std::string_view> command_names();

/// Formats command lines with their CRLF, for clients. Values must follow the grammar, without
/// control characters.
std::string format_command(const Command& command);

}  // namespace posthorn::wire::smtp
