#pragma once

#include <string>
#include <string_view>

namespace posthorn::auth {

/// The part of a peer's address ("192.0.2.1:40000", "[::1]:40000", "unix", or a bare address) that
/// limits are counted by: an IPv4 address; the /64 of an IPv6 address, as one household has all of
/// it; an IPv4 address in IPv6 form is the IPv4 one. Anything else is itself.
std::string network_of(std::string_view peer);

}  // namespace posthorn::auth
