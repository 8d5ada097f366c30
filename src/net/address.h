#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace posthorn::net {

struct HostPort {
  std::string host;  ///< Without brackets. Empty means any address.
  std::uint16_t port = 0;
};

/// Accepts "mail.example.org:143", "192.0.2.1:143", "[::1]:143", "*:143" and ":143". Errors:
/// bad_argument.
Result<HostPort> parse_host_port(std::string_view text);

/// Returns "192.0.2.1:40000", "[::1]:40000" or "unix". An IPv4-mapped IPv6 address (RFC 4291
/// §2.5.5.2) is shown as the IPv4 address.
std::string format_address(const sockaddr_storage& address);

}  // namespace posthorn::net
