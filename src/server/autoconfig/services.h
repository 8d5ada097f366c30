#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// The data a client needs to configure itself: the server's address and its services. It is a
/// plain value, which app fills from the listeners that exist.
namespace posthorn::server::autoconfig {

enum class Kind : std::uint8_t { imap, pop3, submission };

/// The protection of a port: TLS from the first octet (RFC 8314 §3), STARTTLS, or none.
enum class Protection : std::uint8_t { tls, starttls, none };

struct Service {
  Kind kind = Kind::imap;
  Protection protection = Protection::tls;
  std::uint16_t port = 0;
  friend bool operator==(const Service&, const Service&) = default;
};

struct Services {
  std::string hostname = {};              ///< The host of all services.
  std::vector<std::string> domains = {};  ///< The domains the server has mail for; may be empty.
  std::vector<Service> offered = {};      ///< Of each kind, the preferred ones come first.
  /// The port that serves these answers under TLS; 0 if there is none.
  std::uint16_t https_port = 0;
};

}  // namespace posthorn::server::autoconfig
