#include "wire/proxy/proxy_header.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <vector>

#include "base/network.h"

namespace posthorn::wire::proxy {
namespace {

constexpr std::string_view kV1 = "PROXY ";
constexpr std::string_view kV2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kV2Fixed = 16;

std::unexpected<Error> bad(std::string text) {
  return fail(ErrorKind::syntax, "the PROXY header " + std::move(text));
}

std::string print(int family, const void* address, std::uint16_t port) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, address, text.data(), text.size());
  return format_peer(usual_address(text.data()).value_or(text.data()), port);
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t space = line.find(' ');
    words.push_back(line.substr(0, space));
    if (space == std::string_view::npos) return words;
    line.remove_prefix(space + 1);
  }
}

/// In decimal, without leading zeros.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (text.size() > 1 && text.starts_with('0')) return std::nullopt;
  return port;
}

using Octets = std::array<char, 16>;

std::optional<Octets> parse_address(int family, std::string_view text) {
  Octets octets{};
  const std::string address(text);
  if (inet_pton(family, address.c_str(), octets.data()) != 1) return std::nullopt;
  return octets;
}

}  // namespace

Status ProxyHeader::feed(std::string_view octets) {
  octets_ += octets;
  wanted_ -= octets.size();
  // Found out as soon as possible, so that a client that sends none need not wait for the deadline.
  if (version_ == Version::unknown &&
      octets_.substr(0, kV1.size()) != kV1.substr(0, octets_.size()) &&
      octets_ != kV2.substr(0, octets_.size()))
    return bad("is missing");
  if (wanted_ > 0) return {};
  switch (version_) {
    case Version::unknown: return start();
    case Version::v1: return feed_v1();
    case Version::v2: return feed_v2();
  }
  return {};
}

Status ProxyHeader::start() {
  if (octets_ == kV2) {
    version_ = Version::v2;
    wanted_ = kV2Fixed - kV2.size();
    return {};
  }
  version_ = Version::v1;
  return feed_v1();
}

Status ProxyHeader::feed_v1() {
  if (octets_.ends_with("\r\n"))
    return parse_v1(std::string_view(octets_).substr(0, octets_.size() - 2));
  if (octets_.find('\n') != std::string::npos) return bad("is not one line");
  if (octets_.size() + 1 > kMaxV1) return bad("is too long");
  // The line ends with two octets, unless it already has the first of them.
  wanted_ = octets_.ends_with('\r') || octets_.size() + 2 > kMaxV1 ? 1 : 2;
  return {};
}

Status ProxyHeader::parse_v1(std::string_view line) {
  const auto words = words_of(line);
  if (words.size() >= 2 && words[1] == "UNKNOWN") return {};  // What follows is ignored.
  if (words.size() != 6) return bad("is malformed");
  const bool is_ipv4 = words[1] == "TCP4";
  if (!is_ipv4 && words[1] != "TCP6") return bad("names an unknown protocol");
  const int family = is_ipv4 ? AF_INET : AF_INET6;
  const auto client = parse_address(family, words[2]);
  const auto port = parse_port(words[4]);
  if (!client || !parse_address(family, words[3]) || !port || !parse_port(words[5]))
    return bad("has a malformed address");
  client_ = print(family, client->data(), *port);
  return {};
}

Status ProxyHeader::feed_v2() {
  if (octets_.size() > kV2Fixed) return parse_v2();
  const auto length = static_cast<std::size_t>(static_cast<std::uint8_t>(octets_[14]) << 8 |
                                               static_cast<std::uint8_t>(octets_[15]));
  if (kV2Fixed + length > kMaxV2) return bad("is too long");
  wanted_ = length;
  return length > 0 ? Status() : parse_v2();
}

/// The addresses, after the part whose length is fixed.
Status ProxyHeader::parse_v2() {
  const auto version_and_command = static_cast<std::uint8_t>(octets_[12]);
  const auto family_and_protocol = static_cast<std::uint8_t>(octets_[13]);
  if (version_and_command >> 4 != 2) return bad("has an unknown version");
  const int command = version_and_command & 0xf;
  if (command > 1) return bad("has an unknown command");
  const std::string_view addresses = std::string_view(octets_).substr(kV2Fixed);
  constexpr std::uint8_t kTcp4 = 0x11;
  constexpr std::uint8_t kTcp6 = 0x21;
  const bool is_ipv4 = family_and_protocol == kTcp4;
  // LOCAL, and addresses that are not TCP: the connection's own address counts.
  if (command == 0 || (!is_ipv4 && family_and_protocol != kTcp6)) return {};
  const std::size_t octets = is_ipv4 ? 4 : 16;
  if (addresses.size() < 2 * octets + 4) return bad("is too short for its addresses");
  const auto high = static_cast<std::uint8_t>(addresses[2 * octets]);
  const auto low = static_cast<std::uint8_t>(addresses[2 * octets + 1]);
  client_ = print(is_ipv4 ? AF_INET : AF_INET6, addresses.data(),
                  static_cast<std::uint16_t>(high << 8 | low));
  return {};
}

}  // namespace posthorn::wire::proxy
