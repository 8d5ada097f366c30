#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wire/imap/command/command_spec.h"

namespace posthorn::wire::imap {

struct CapabilityCommand {
  static constexpr CommandSpec kSpec{
      .name = "CAPABILITY", .source = "RFC 9051 §6.1.1", .states = kAnyState};
};
struct NoopCommand {
  static constexpr CommandSpec kSpec{
      .name = "NOOP", .source = "RFC 9051 §6.1.2", .states = kAnyState};
};
struct LogoutCommand {
  static constexpr CommandSpec kSpec{
      .name = "LOGOUT", .source = "RFC 9051 §6.1.3", .states = kAnyState};
};
struct StartTlsCommand {
  static constexpr CommandSpec kSpec{.name = "STARTTLS",
                                     .source = "RFC 9051 §6.2.1",
                                     .states = kBeforeLogin,
                                     .capability = "STARTTLS"};
};
/// The DONE that ends IDLE is a line of its own: see Receiver::Expect::line.
struct IdleCommand {
  static constexpr CommandSpec kSpec{
      .name = "IDLE", .source = "RFC 9051 §6.3.13", .states = kAfterLogin, .capability = "IDLE"};
};

struct AuthenticateCommand {
  static constexpr CommandSpec kSpec{
      .name = "AUTHENTICATE", .source = "RFC 9051 §6.2.2", .states = kBeforeLogin};
  std::string mechanism;  ///< In upper case.
  /// RFC 4959. In base64, as sent; "=" is the empty string. Absent if the client sent none.
  std::optional<std::string> initial_response;
};

/// The octets are kept as sent.
struct LoginCommand {
  static constexpr CommandSpec kSpec{
      .name = "LOGIN", .source = "RFC 9051 §6.2.3", .states = kBeforeLogin};
  std::string user;
  std::string password;
};

/// Ends the login; the connection stays.
struct UnauthenticateCommand {
  static constexpr CommandSpec kSpec{.name = "UNAUTHENTICATE",
                                     .source = "RFC 8437 §3",
                                     .states = kAfterLogin,
                                     .capability = "UNAUTHENTICATE"};
};

struct EnableCommand {
  static constexpr CommandSpec kSpec{
      .name = "ENABLE", .source = "RFC 9051 §6.3.1", .states = kAfterLogin, .capability = "ENABLE"};
  std::vector<std::string> capabilities;  ///< In upper case.
};

struct IdCommand {
  static constexpr CommandSpec kSpec{
      .name = "ID", .source = "RFC 2971", .states = kAnyState, .capability = "ID"};
  /// Empty for NIL.
  std::vector<std::pair<std::string, std::optional<std::string>>> parameters;
};

/// Without names it only asks which comparator is active.
struct ComparatorCommand {
  static constexpr CommandSpec kSpec{.name = "COMPARATOR",
                                     .source = "RFC 5255 §4.7",
                                     .states = kAfterLogin,
                                     .capability = "I18NLEVEL=2"};
  std::vector<std::string> wanted;  ///< In the order of preference; "*" in them is a wildcard.
};

struct CompressCommand {
  static constexpr CommandSpec kSpec{.name = "COMPRESS",
                                     .source = "RFC 4978 §3",
                                     .states = kAfterLogin,
                                     .capability = "COMPRESS=DEFLATE"};
  std::string algorithm;  ///< In upper case.
};

struct GetQuotaCommand {
  static constexpr CommandSpec kSpec{.name = "GETQUOTA",
                                     .source = "RFC 9208 §4.1.1",
                                     .states = kAfterLogin,
                                     .capability = "QUOTA"};
  std::string root;
};
struct GetQuotaRootCommand {
  static constexpr CommandSpec kSpec{.name = "GETQUOTAROOT",
                                     .source = "RFC 9208 §4.1.2",
                                     .states = kAfterLogin,
                                     .capability = "QUOTA",
                                     .mailbox_rights = "r"};
  std::string mailbox;
};
struct SetQuotaCommand {
  static constexpr CommandSpec kSpec{.name = "SETQUOTA",
                                     .source = "RFC 9208 §4.1.3",
                                     .states = kAfterLogin,
                                     .capability = "QUOTA"};
  struct Limit {
    std::string resource;  ///< In upper case.
    std::uint64_t limit = 0;
  };
  std::string root;
  std::vector<Limit> limits;
};

}  // namespace posthorn::wire::imap
