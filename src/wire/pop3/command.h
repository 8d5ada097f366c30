#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace posthorn::wire::pop3 {

/// The number of a message in the maildrop, from 1 (RFC 1939 §4).
using MessageNumber = std::uint32_t;

/// The state of a session (RFC 1939 §3), as bits, so that a command can be allowed in several.
/// UPDATE is not included: it has no commands, but is performed by QUIT.
enum class SessionState : std::uint8_t { authorization = 1, transaction = 2 };

/// A set of SessionState.
struct SessionStates {
  std::uint8_t bits = 0;
  [[nodiscard]] constexpr bool has(SessionState state) const {
    return (bits & static_cast<std::uint8_t>(state)) != 0;
  }
};
inline constexpr SessionStates kAnyState{1 | 2};
inline constexpr SessionStates kBeforeLogin{1};
inline constexpr SessionStates kAfterLogin{2};

/// What is known of a command before it is parsed or executed. Every alternative of Command has one
/// as its member `kSpec`, and whatever needs one of these facts takes it from there: the parser,
/// the session, and the table of commands in docs/protocol-support.md. tools/protocol_tables.py
/// reads the declarations for the latter; therefore `kSpec` comes first in its struct, and its
/// values are literals or constants of this file.
struct CommandSpec {
  std::string_view name;    ///< In upper case.
  std::string_view source;  ///< The section that defines it.
  SessionStates states;     ///< The states in which it is allowed.
};

struct User {
  static constexpr CommandSpec kSpec{
      .name = "USER", .source = "RFC 1939 §7", .states = kBeforeLogin};
  std::string name;
};
struct Pass {
  static constexpr CommandSpec kSpec{
      .name = "PASS", .source = "RFC 1939 §7", .states = kBeforeLogin};
  std::string password;  ///< Everything after the first space, including further spaces.
};
/// Never offered, because the server would have to store the password in clear.
struct Apop {
  static constexpr CommandSpec kSpec{
      .name = "APOP", .source = "RFC 1939 §7", .states = kBeforeLogin};
};
struct Auth {
  static constexpr CommandSpec kSpec{
      .name = "AUTH", .source = "RFC 5034 §4", .states = kBeforeLogin};
  std::string mechanism;  ///< Empty: the client asks for a list, as clients older than CAPA do.
  /// Still in base64; "=" is the empty response.
  std::optional<std::string> initial_response;
};
struct Stls {
  static constexpr CommandSpec kSpec{
      .name = "STLS", .source = "RFC 2595 §4", .states = kBeforeLogin};
};
struct Utf8 {
  static constexpr CommandSpec kSpec{
      .name = "UTF8", .source = "RFC 6856 §2.1", .states = kBeforeLogin};
};
struct Capa {
  static constexpr CommandSpec kSpec{.name = "CAPA", .source = "RFC 2449 §5", .states = kAnyState};
};
struct Lang {
  static constexpr CommandSpec kSpec{.name = "LANG", .source = "RFC 6856 §3", .states = kAnyState};
  std::string range;  ///< Empty: the client asks for a list of languages.
};
struct Quit {
  static constexpr CommandSpec kSpec{
      .name = "QUIT", .source = "RFC 1939 §4, §6", .states = kAnyState};
};
struct Stat {
  static constexpr CommandSpec kSpec{
      .name = "STAT", .source = "RFC 1939 §5", .states = kAfterLogin};
};
struct List {
  static constexpr CommandSpec kSpec{
      .name = "LIST", .source = "RFC 1939 §5", .states = kAfterLogin};
  std::optional<MessageNumber> message;
};
struct Uidl {
  static constexpr CommandSpec kSpec{
      .name = "UIDL", .source = "RFC 1939 §7", .states = kAfterLogin};
  std::optional<MessageNumber> message;
};
struct Retr {
  static constexpr CommandSpec kSpec{
      .name = "RETR", .source = "RFC 1939 §5", .states = kAfterLogin};
  MessageNumber message = 0;
};
struct Top {
  static constexpr CommandSpec kSpec{.name = "TOP", .source = "RFC 1939 §7", .states = kAfterLogin};
  MessageNumber message = 0;
  std::uint32_t lines = 0;  ///< Lines of the body.
};
struct Dele {
  static constexpr CommandSpec kSpec{
      .name = "DELE", .source = "RFC 1939 §5", .states = kAfterLogin};
  MessageNumber message = 0;
};
struct Noop {
  static constexpr CommandSpec kSpec{
      .name = "NOOP", .source = "RFC 1939 §5", .states = kAfterLogin};
};
struct Rset {
  static constexpr CommandSpec kSpec{
      .name = "RSET", .source = "RFC 1939 §5", .states = kAfterLogin};
};

/// Every command, in the order of the table in docs/protocol-support.md.
using Command = std::variant<User, Pass, Apop, Auth, Stls, Utf8, Capa, Lang, Quit, Stat, List, Uidl,
                             Retr, Top, Dele, Noop, Rset>;

const CommandSpec& spec_of(const Command& command);
/// Returns the names of the alternatives of Command, by their index.
std::vector<std::string_view> command_names();

}  // namespace posthorn::wire::pop3
