#pragma once

#include <cstdint>
#include <string_view>

#include "auth/sasl/sasl.h"

namespace posthorn::auth {

/// Where a name and password may be sent in clear: by a protocol's own login command, SASL PLAIN or
/// LOGIN.
enum class PlaintextLogin : std::uint8_t {
  tls_only,      ///< RFC 8314 §4, RFC 9051 §11.1.
  tls_or_local,  ///< Also from a loopback address or over a Unix socket.
  always,
};

/// Decides for a connection in its current state. `peer`: as Stream::peer() reports it.
Plaintext plaintext_on(bool is_tls, std::string_view peer, PlaintextLogin policy);

}  // namespace posthorn::auth
