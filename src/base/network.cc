#include "base/network.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

namespace posthorn {
namespace {

using Octets = std::array<std::uint8_t, 16>;
constexpr Octets kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int kMappedBits = 96;

struct Parsed {
  Octets octets{};
  bool is_ipv4 = false;
};

std::optional<Parsed> parse_address(std::string_view text) {
  const std::string address(text);
  Parsed parsed;
  if (inet_pton(AF_INET6, address.c_str(), parsed.octets.data()) == 1) return parsed;
  parsed.octets = kMapped;
  parsed.is_ipv4 = true;
  if (inet_pton(AF_INET, address.c_str(), parsed.octets.data() + kMappedBits / 8) == 1)
    return parsed;
  return std::nullopt;
}

bool is_mapped(const Octets& octets) {
  return std::equal(kMapped.begin(), kMapped.begin() + kMappedBits / 8, octets.begin());
}

std::string print(const Octets& octets, bool as_ipv4) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  inet_ntop(as_ipv4 ? AF_INET : AF_INET6, octets.data() + (as_ipv4 ? kMappedBits / 8 : 0),
            out.data(), out.size());
  return out.data();
}

}  // namespace

std::string_view address_of(std::string_view peer) {
  if (peer.starts_with('[')) return peer.substr(1, peer.find_first_of("]%") - 1);
  if (std::ranges::count(peer, ':') == 1) return peer.substr(0, peer.find(':'));
  return peer.substr(0, peer.find('%'));
}

std::uint16_t port_of(std::string_view peer) {
  const std::size_t colon = peer.rfind(':');
  if (colon == std::string_view::npos) return 0;
  if (!peer.starts_with('[') && std::ranges::count(peer, ':') != 1) return 0;
  const std::string_view digits = peer.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc() && end == digits.data() + digits.size() ? port : std::uint16_t{0};
}

std::optional<std::string> usual_address(std::string_view text) {
  const auto parsed = parse_address(text);
  return parsed ? std::optional(print(parsed->octets, is_mapped(parsed->octets))) : std::nullopt;
}

std::string format_peer(std::string_view address, std::uint16_t port) {
  const bool is_ipv6 = address.find(':') != std::string_view::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
}

Result<Network> Network::parse(std::string_view text) {
  const auto bad = [] {
    return fail(ErrorKind::bad_argument,
                "must be an address or a network such as 192.0.2.0/24 or 2001:db8::/32");
  };
  const std::size_t slash = text.find('/');
  const auto parsed = parse_address(text.substr(0, slash));
  if (!parsed) return bad();
  const int most = parsed->is_ipv4 ? 32 : 128;
  int bits = most;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size() || bits < 0 || bits > most)
      return bad();
  }
  Network network;
  network.address_ = parsed->octets;
  network.bits_ = bits + (parsed->is_ipv4 ? kMappedBits : 0);
  return network;
}

bool Network::has(const Address& address) const {
  const auto whole = static_cast<std::size_t>(bits_ / 8);
  if (!std::equal(address.begin(), address.begin() + whole, address_.begin())) return false;
  const int rest = bits_ % 8;
  return rest == 0 || ((address[whole] ^ address_[whole]) >> (8 - rest)) == 0;
}

std::string Network::text() const {
  Octets octets = address_;
  for (int bit = bits_; bit < 128; ++bit)
    octets[static_cast<std::size_t>(bit / 8)] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
  const bool is_ipv4 = bits_ >= kMappedBits && is_mapped(octets);
  std::string text = print(octets, is_ipv4);
  if (bits_ < 128) text += fmt::format("/{}", bits_ - (is_ipv4 ? kMappedBits : 0));
  return text;
}

bool Network::contains(std::string_view peer) const {
  const auto parsed = parse_address(address_of(peer));
  return parsed && has(parsed->octets);
}

bool Networks::contains(std::string_view peer) const {
  if (networks_.empty()) return false;
  const auto parsed = parse_address(address_of(peer));
  return parsed && std::ranges::any_of(networks_,
                                       [&](const Network& one) { return one.has(parsed->octets); });
}

}  // namespace posthorn
