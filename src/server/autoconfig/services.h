#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// What a client has to know to set itself up: where the server is and what it speaks there. A
/// plain value; whoever wires the server fills it from the listeners there really are.
namespace posthorn::server::autoconfig {

enum class Kind : std::uint8_t { imap, pop3, submission };

/// How a port is protected: TLS from the first octet (RFC 8314 §3), STARTTLS, or not at all.
enum class Protection : std::uint8_t { tls, starttls, none };

struct Service {
  Kind kind = Kind::imap;
  Protection protection = Protection::tls;
  std::uint16_t port = 0;
  friend bool operator==(const Service&, const Service&) = default;
};

struct Services {
  std::string hostname = {};              ///< Of all of them.
  std::vector<std::string> domains = {};  ///< That mail is had for; may be empty.
  std::vector<Service> offered = {};      ///< The preferred ones of a kind first.
  std::uint16_t https_port = 0;           ///< Where these answers are had under TLS; 0: nowhere.
};

}  // namespace posthorn::server::autoconfig
