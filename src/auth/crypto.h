#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// The few primitives authentication is made of, over OpenSSL.
namespace posthorn::auth {

/// A SHA-256 or HMAC-SHA-256 value.
using Hash = std::array<std::uint8_t, 32>;

Hash sha256(std::string_view bytes);
/// RFC 2104 with SHA-256.
Hash hmac(std::string_view key, std::string_view bytes);
/// RFC 5802 §2.2 Hi(): PBKDF2 with HMAC-SHA-256 and 32 octets of output. `iterations` >= 1.
Hash salted_password(std::string_view password, std::string_view salt, std::uint32_t iterations);
Hash operator^(const Hash& a, const Hash& b);

inline std::string_view view(const Hash& h) {
  return {reinterpret_cast<const char*>(h.data()), h.size()};
}

/// Fit for keys, salts and nonces. Aborts when the system has no randomness to give.
std::string random_bytes(std::size_t count);

}  // namespace posthorn::auth
