#pragma once

#include <cstdint>
#include <string_view>

#include "auth/sasl/sasl.h"

namespace posthorn::auth {

/// Where a name and a password may be said in clear: a protocol's own login command, SASL PLAIN and
/// LOGIN.
enum class PlaintextLogin : std::uint8_t {
  tls_only,      ///< RFC 8314 §4, RFC 9051 §11.1.
  tls_or_local,  ///< Also from a loopback address or a unix socket.
  always,
};

/// For a connection as it is now. `peer`: as Stream::peer() says it.
Plaintext plaintext_on(bool is_tls, std::string_view peer, PlaintextLogin policy);

}  // namespace posthorn::auth
