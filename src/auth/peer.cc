#include "auth/peer.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace posthorn::auth {
namespace {

/// Removes port, brackets and zone.
std::string_view address_of(std::string_view peer) {
  if (peer.starts_with('[')) return peer.substr(1, peer.find_first_of("]%") - 1);
  if (std::ranges::count(peer, ':') == 1) return peer.substr(0, peer.find(':'));
  return peer.substr(0, peer.find('%'));
}

std::string print(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  return inet_ntop(family, address, out.data(), out.size()) ? std::string(out.data())
                                                            : std::string();
}

}  // namespace

std::string network_of(std::string_view peer) {
  std::string address(address_of(peer));
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return address;
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::ranges::equal(kMapped, std::span(bytes).first(12))) return print(AF_INET, &bytes[12]);
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return print(AF_INET6, bytes.data()) + "/64";
}

}  // namespace posthorn::auth
