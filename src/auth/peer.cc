#include "auth/peer.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/network.h"

namespace posthorn::auth {
namespace {

std::string print(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  return inet_ntop(family, address, out.data(), out.size()) ? std::string(out.data())
                                                            : std::string();
}

/// An IPv6 address that does not stand for an IPv4 address.
using Ipv6 = std::array<std::uint8_t, 16>;
/// Either is empty.
struct Parsed {
  std::optional<Ipv6> ipv6 = {};
  std::string other = {};
};

Parsed parse(std::string_view peer) {
  std::string address(address_of(peer));
  Ipv6 bytes{};
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return {.other = std::move(address)};
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::ranges::equal(kMapped, std::span(bytes).first(12)))
    return {.other = print(AF_INET, &bytes[12])};
  return {.ipv6 = bytes};
}

std::string prefix(Ipv6 address, std::size_t octets) {
  std::fill(address.begin() + static_cast<std::ptrdiff_t>(octets), address.end(), std::uint8_t{0});
  return fmt::format("{}/{}", print(AF_INET6, address.data()), 8 * octets);
}

}  // namespace

std::string network_of(std::string_view peer) {
  Parsed parsed = parse(peer);
  return parsed.ipv6 ? prefix(*parsed.ipv6, 8) : std::move(parsed.other);
}

std::string site_of(std::string_view peer) {
  Parsed parsed = parse(peer);
  if (parsed.ipv6) return prefix(*parsed.ipv6, 6);
  in_addr bytes{};
  if (inet_pton(AF_INET, parsed.other.c_str(), &bytes) != 1) return std::move(parsed.other);
  return parsed.other.substr(0, parsed.other.rfind('.')) + ".0/24";
}

std::vector<std::string> networks_of(std::string_view peer) {
  Parsed parsed = parse(peer);
  if (!parsed.ipv6) return {std::move(parsed.other)};
  return {prefix(*parsed.ipv6, 8), prefix(*parsed.ipv6, 7), prefix(*parsed.ipv6, 6)};
}

}  // namespace posthorn::auth
