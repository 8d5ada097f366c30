#include "auth/rules/address_range.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "auth/peer.h"

namespace posthorn::auth {
namespace {

/// An IPv4 address is kept as the IPv6 address that it is mapped to, with a prefix 96 bits longer.
struct Range {
  std::array<std::uint8_t, 16> address{};
  unsigned bits = 0;
};

constexpr unsigned kMappedBits = 96;

/// Reads an address without port, brackets or zone.
std::optional<Range> parse_address(const std::string& text) {
  Range range;
  range.bits = 128;
  if (inet_pton(AF_INET6, text.c_str(), range.address.data()) == 1) return range;
  if (inet_pton(AF_INET, text.c_str(), &range.address[12]) != 1) return std::nullopt;
  range.address[10] = range.address[11] = 0xff;
  return range;
}

bool is_mapped(const Range& range) {
  return range.bits >= kMappedBits && range.address[10] == 0xff && range.address[11] == 0xff &&
         std::ranges::all_of(range.address.begin(), range.address.begin() + 10,
                             [](std::uint8_t octet) { return octet == 0; });
}

void clear_below(Range& range) {
  for (unsigned bit = range.bits; bit < 128; ++bit)
    range.address[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
}

std::optional<Range> parse_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  auto range = parse_address(std::string(text.substr(0, slash)));
  if (!range) return std::nullopt;
  if (slash != std::string_view::npos) {
    const std::string_view number = text.substr(slash + 1);
    const unsigned before = text.contains(':') ? 0 : kMappedBits;
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
    if (error != std::errc() || end != number.data() + number.size() || bits > 128 - before)
      return std::nullopt;
    range->bits = before + bits;
  }
  clear_below(*range);
  return range;
}

std::string print(const Range& range) {
  const bool v4 = is_mapped(range);
  std::array<char, INET6_ADDRSTRLEN> out{};
  inet_ntop(v4 ? AF_INET : AF_INET6, &range.address[v4 ? 12 : 0], out.data(), out.size());
  std::string text = out.data();
  if (range.bits < 128) text += fmt::format("/{}", range.bits - (v4 ? kMappedBits : 0));
  return text;
}

}  // namespace

Result<std::string> normal_range(std::string_view range) {
  const auto parsed = parse_range(range);
  if (!parsed)
    return fail(
        ErrorKind::bad_argument,
        fmt::format("'{}' is not an address, and not a network such as 192.0.2.0/24", range));
  return print(*parsed);
}

bool is_in_range(std::string_view peer, std::string_view range) {
  const auto of = parse_range(range);
  auto address = parse_range(address_of(peer));
  if (!of || !address) return false;
  address->bits = of->bits;
  clear_below(*address);
  return address->address == of->address;
}

}  // namespace posthorn::auth
