#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

/// The Dovecot authentication protocol, version 1.2, on the side of the server ("Authentication
/// Protocol" in Dovecot's developer documentation). Lines end with LF and consist of fields that
/// are separated by TAB. In values, SOH and a character stand for octets that would break a line.
namespace posthorn::wire::mta {

/// Maximum length of a line without its LF. A token of 9 KB in base64 fits.
inline constexpr std::size_t kMaxAuthLine = 16'384;

/// VERSION: both sides must have the same major version.
struct AuthVersion {
  std::uint32_t major = 0;
};
/// CPID, and commands of later minor versions, which a server ignores.
struct AuthIgnored {};
/// AUTH: begins an authentication.
struct AuthBegin {
  std::uint32_t id = 0;
  std::string mechanism;
  std::string service;  ///< What the client serves: "smtp".
  /// Address and port of the client's client; empty if they were not given or are not an address.
  std::string remote_address;
  std::string remote_port;
  /// The connection of the client's client is protected: passwords may be sent.
  bool secured = false;
  std::optional<std::string> initial_response;  ///< In base64, as it was sent.
};
/// CONT: the answer to a challenge.
struct AuthAnswer {
  std::uint32_t id = 0;
  std::string response;  ///< In base64, as it was sent.
};
/// CANCEL: the authentication is given up; there is no reply.
struct AuthCancel {
  std::uint32_t id = 0;
};
using AuthCommand = std::variant<AuthVersion, AuthIgnored, AuthBegin, AuthAnswer, AuthCancel>;

/// Parses a line without its LF. Errors: syntax (a field is missing or not what it must be, or the
/// line has a NUL).
Result<AuthCommand> parse_auth_command(std::string_view line);

/// A mechanism that is offered. `is_plaintext`: it sends the password itself.
struct AuthMechanism {
  std::string_view name;
  bool is_plaintext = false;
};
/// Identifies a connection, as a client that is a login process has to be told.
struct AuthIdentity {
  std::uint64_t process = 0;
  std::uint64_t connection = 0;
  std::string cookie;  ///< 32 hexadecimal digits that nobody can guess.
};
/// What the server says first.
std::string format_auth_greeting(const std::vector<AuthMechanism>& mechanisms,
                                 const AuthIdentity& identity);
/// `challenge` in base64.
std::string format_auth_challenge(std::uint32_t id, std::string_view challenge);
std::string format_auth_success(std::uint32_t id, std::string_view user);
/// Why an authentication failed.
enum class AuthFailure : std::uint8_t {
  refused,    ///< Wrong name or password, an impossible response, or a login that is not allowed.
  temporary,  ///< It may succeed later.
};
/// `reason` is for the user.
std::string format_auth_failure(std::uint32_t id, AuthFailure failure, std::string_view reason);

// --- the part that asks for users, which Dovecot serves on a socket of its own
// ---------------------

/// USER: does this user exist?
struct UserQuery {
  std::uint32_t id = 0;
  std::string name;
};
using UserCommand = std::variant<AuthVersion, AuthIgnored, UserQuery>;
/// Parses a line without its LF. Errors: as parse_auth_command().
Result<UserCommand> parse_user_command(std::string_view line);

/// What the server says first. `process`: its process id.
std::string format_user_greeting(std::uint64_t process);
/// `name` is the account's own.
std::string format_user_found(std::uint32_t id, std::string_view name);
std::string format_user_unknown(std::uint32_t id);
/// It is not known whether the user exists.
std::string format_user_failure(std::uint32_t id, std::string_view reason);

}  // namespace posthorn::wire::mta
