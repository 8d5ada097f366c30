#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace posthorn {

/// Returns the address of a peer ("192.0.2.1:40000", "[::1]:40000", or a bare address) without
/// port, brackets and zone. Anything else, such as "unix", is returned unchanged.
std::string_view address_of(std::string_view peer);
/// Returns its port; 0 if it has none.
std::uint16_t port_of(std::string_view peer);

/// Returns an IP address in its usual form, an IPv4-mapped one as IPv4; none if `text` is none.
std::optional<std::string> usual_address(std::string_view text);
/// Returns "192.0.2.1:40000" or "[2001:db8::1]:40000".
std::string format_peer(std::string_view address, std::uint16_t port);

/// A block of IP addresses.
class Network {
 public:
  /// Parses "192.0.2.0/24", "2001:db8::/32", or a single address. Errors: bad_argument with a
  /// sentence that does not repeat the text.
  static Result<Network> parse(std::string_view text);
  /// Returns whether `peer` is in it: "192.0.2.1:40000", "[::1]:40000", or a bare address. An
  /// IPv4-mapped IPv6 address counts as IPv4. "unix" is in no network.
  [[nodiscard]] bool contains(std::string_view peer) const;
  /// Returns the usual form: without what is beyond the prefix, an IPv4-mapped block as IPv4, and a
  /// single address without a prefix.
  [[nodiscard]] std::string text() const;

 private:
  friend class Networks;
  /// IPv4 addresses as IPv4-mapped ones (RFC 4291 §2.5.5.2).
  using Address = std::array<std::uint8_t, 16>;
  [[nodiscard]] bool has(const Address& address) const;
  Address address_{};
  int bits_ = 0;  ///< The length of the prefix.
};

/// Several blocks.
class Networks {
 public:
  Networks() = default;
  explicit Networks(std::vector<Network> networks) : networks_(std::move(networks)) {}
  [[nodiscard]] bool contains(std::string_view peer) const;
  [[nodiscard]] bool empty() const { return networks_.empty(); }

 private:
  std::vector<Network> networks_;
};

}  // namespace posthorn
