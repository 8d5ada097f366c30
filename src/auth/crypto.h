#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// The cryptographic primitives that authentication needs, implemented by OpenSSL.
namespace posthorn::auth {

/// A SHA-256 or HMAC-SHA-256 value.
using Hash = std::array<std::uint8_t, 32>;

Hash sha256(std::string_view bytes);
/// HMAC with SHA-256 (RFC 2104).
Hash hmac(std::string_view key, std::string_view bytes);
/// Hi() of RFC 5802 §2.2: PBKDF2 with HMAC-SHA-256 and 32 octets of output. Requires: `iterations`
/// >= 1.
Hash salted_password(std::string_view password, std::string_view salt, std::uint32_t iterations);
Hash operator^(const Hash& a, const Hash& b);

inline std::string_view view(const Hash& h) {
  return {reinterpret_cast<const char*>(h.data()), h.size()};
}

/// Random octets suitable for keys, salts and nonces. Aborts if the system cannot provide
/// randomness.
std::string random_bytes(std::size_t count);

}  // namespace posthorn::auth
