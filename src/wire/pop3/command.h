#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace posthorn::wire::pop3 {

/// The number of a message in the maildrop, from 1 (RFC 1939 §4).
using MessageNumber = std::uint32_t;

struct User {  ///< RFC 1939 §7.
  std::string name;
};
struct Pass {  ///< RFC 1939 §7: everything after the first space, including further spaces.
  std::string password;
};
struct Auth {             ///< RFC 5034 §4.
  std::string mechanism;  ///< Empty: the client asks for a list, as clients older than CAPA do.
  /// Still in base64; "=" is the empty response.
  std::optional<std::string> initial_response;
};
/// RFC 1939 §7. Never offered, because the server would have to store the password in clear.
struct Apop {};
struct Capa {};       ///< RFC 2449 §5.
struct Stls {};       ///< RFC 2595 §4.
struct Utf8 {};       ///< RFC 6856 §2.1.
struct Lang {         ///< RFC 6856 §3.
  std::string range;  ///< Empty: the client asks for a list of languages.
};
struct Stat {};  ///< RFC 1939 §5, as the commands below unless noted.
struct List {
  std::optional<MessageNumber> message;
};
struct Uidl {  ///< RFC 1939 §7.
  std::optional<MessageNumber> message;
};
struct Retr {
  MessageNumber message = 0;
};
struct Top {  ///< RFC 1939 §7.
  MessageNumber message = 0;
  std::uint32_t lines = 0;  ///< Lines of the body.
};
struct Dele {
  MessageNumber message = 0;
};
struct Noop {};
struct Rset {};
struct Quit {};

using Command = std::variant<User, Pass, Auth, Apop, Capa, Stls, Utf8, Lang, Stat, List, Uidl, Retr,
                             Top, Dele, Noop, Rset, Quit>;

}  // namespace posthorn::wire::pop3
