#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

/// The PROXY protocol, as the document proxy-protocol.txt of HAProxy describes it.
namespace posthorn::wire::proxy {

/// Reads a header of either version. It says how many octets to read next, and these are always
/// part of the header, so nothing of what follows is taken.
class ProxyHeader {
 public:
  /// Of the whole header. Version 1 fixes it. Version 2 allows 64 KiB, most of it for
  /// extensions, which are ignored here.
  static constexpr std::size_t kMaxV1 = 107;
  static constexpr std::size_t kMaxV2 = 4096;

  /// The number of octets to feed next, at least one; 0 once the header is complete.
  [[nodiscard]] std::size_t wanted() const { return wanted_; }
  /// Takes at most wanted() octets. Errors: syntax with what is wrong; the connection must be
  /// closed then.
  Status feed(std::string_view octets);

  /// The client: "192.0.2.1:40000" or "[2001:db8::1]:40000". None if the proxy speaks for itself
  /// (health checks) or the client has no such address: the proxy's own address counts then.
  /// Requires: the header is complete.
  [[nodiscard]] const std::optional<std::string>& client() const { return client_; }

 private:
  Status start();
  Status feed_v1();
  Status feed_v2();
  Status parse_v1(std::string_view line);
  Status parse_v2();

  enum class Version : unsigned char { unknown, v1, v2 };
  Version version_ = Version::unknown;
  std::size_t wanted_ = 12;
  std::string octets_;
  std::optional<std::string> client_;
};

}  // namespace posthorn::wire::proxy
