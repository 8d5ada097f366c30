#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace posthorn::auth {

/// Returns the part of a peer's address ("192.0.2.1:40000", "[::1]:40000", "unix", or a bare
/// address) by which limits are counted: an IPv4 address, or the /64 of an IPv6 address, because
/// one household usually has a whole /64. An IPv4-mapped IPv6 address counts as IPv4. Anything else
/// is returned unchanged.
std::string network_of(std::string_view peer);

/// Returns network_of(peer), and for an IPv6 address then the /56 and the /48 it is in: whoever
/// rents one server or line may have so many addresses.
std::vector<std::string> networks_of(std::string_view peer);

/// Returns the /24 of an IPv4 address or the /48 of an IPv6 address: about as many addresses as one
/// customer of a provider can easily use. Anything else is returned as by network_of().
std::string site_of(std::string_view peer);

}  // namespace posthorn::auth
