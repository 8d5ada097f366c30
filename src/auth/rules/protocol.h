#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace posthorn::auth {

/// What a client logs in for. The numbers are stored; do not change them.
enum class Protocol : std::uint8_t {
  imap = 0,
  pop3 = 1,
  submission = 2,
  managesieve = 3,
  http = 4,
  other = 5,  ///< A service of another program that asks for logins here (XMPP, for example).
};

/// In the order of their numbers, as people write them.
inline constexpr std::array<std::string_view, 6> kProtocolNames = {
    "imap", "pop3", "submission", "managesieve", "http", "other"};

/// A set of protocols; bit 1 << protocol.
using Protocols = std::uint8_t;
constexpr Protocols bit(Protocol protocol) {
  return static_cast<Protocols>(1U << static_cast<unsigned>(protocol));
}
inline constexpr Protocols kAllProtocols = 0x3f;

inline std::string_view name_of(Protocol protocol) {
  return kProtocolNames[static_cast<std::size_t>(protocol)];
}
inline std::optional<Protocol> protocol_named(std::string_view name) {
  for (std::size_t i = 0; i < kProtocolNames.size(); ++i)
    if (kProtocolNames[i] == name) return static_cast<Protocol>(i);
  return std::nullopt;
}

}  // namespace posthorn::auth
