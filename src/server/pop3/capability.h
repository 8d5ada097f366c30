#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/pop3/pop3_server.h"

namespace posthorn::server::pop3 {

/// The facts that decide what CAPA lists.
struct CapabilityView {
  const Pop3Options& options;
  bool can_start_tls = false;  ///< STLS can be used now: not after login, and not under TLS.
  bool plaintext = false;      ///< Passwords may be sent in clear on this connection.
  std::vector<std::string_view> mechanisms;
};

/// The lines of the response to CAPA (RFC 2449 §6), without CRLF. What is there before login is
/// there after it as well (RFC 2449 §5), but for STLS (RFC 2595 §4).
std::vector<std::string> capabilities(const CapabilityView& view);

}  // namespace posthorn::server::pop3
