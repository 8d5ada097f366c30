#include "net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <array>
#include <charconv>
#include <cstring>

namespace posthorn::net {

namespace {

template <class Address>
Address as(const sockaddr_storage& storage) {
  Address address;
  std::memcpy(&address, &storage, sizeof address);
  return address;
}

std::string number(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, address, text.data(), text.size());
  return text.data();
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view text) {
  const auto bad = [&] {
    return fail(ErrorKind::bad_argument, fmt::format("{} is not an address and port", text));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad();
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  HostPort result;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), result.port);
  if (error != std::errc() || end != digits.data() + digits.size()) return bad();
  if (host.starts_with('[')) {
    if (host.size() < 3 || !host.ends_with(']')) return bad();
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad();  // The end of the IPv6 address is ambiguous.
  }
  if (host != "*") result.host = host;
  return result;
}

std::string format_address(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    const auto v4 = as<sockaddr_in>(address);
    return fmt::format("{}:{}", number(AF_INET, &v4.sin_addr), ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto v6 = as<sockaddr_in6>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      return fmt::format("{}:{}", number(AF_INET, v6.sin6_addr.s6_addr + 12), ntohs(v6.sin6_port));
    }
    return fmt::format("[{}]:{}", number(AF_INET6, &v6.sin6_addr), ntohs(v6.sin6_port));
  }
  return "unix";
}

}  // namespace posthorn::net
