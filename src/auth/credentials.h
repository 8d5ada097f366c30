#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "auth/crypto.h"
#include "base/result.h"

namespace posthorn::auth {

constexpr std::uint32_t kMinIterations = 4096;  ///< RFC 7677 §4: SHOULD be at least this.
constexpr std::uint32_t kDefaultIterations = 16384;
/// More would let one stored record hold a thread for seconds.
constexpr std::uint32_t kMaxIterations = 1'000'000;
/// Longer passwords are refused before anything is computed. RFC 4616 §2 asks for at least 255.
constexpr std::size_t kMaxPasswordOctets = 1024;

/// What is kept of a password: enough to check one, and for SCRAM-SHA-256 in both directions
/// (RFC 5802 §3, RFC 7677), but not the password and nothing that could be used in its place.
struct ScramKeys {
  std::string salt;
  std::uint32_t iterations = 0;
  Hash stored_key{};
  Hash server_key{};
  friend bool operator==(const ScramKeys&, const ScramKeys&) = default;
};

/// With a salt of its own. The password is prepared with SASLprep; one that cannot be is taken as
/// the bytes it is. Takes milliseconds: not for a network thread.
ScramKeys make_keys(std::string_view password, std::uint32_t iterations = kDefaultIterations);
/// With a given salt. Requires: iterations >= 1.
ScramKeys derive_keys(std::string_view password, std::string_view salt, std::uint32_t iterations);

/// What a client of SCRAM proves itself with, and what it knows the server by. As good as the
/// password: to be wiped after use.
struct ClientKeys {
  Hash client_key{};
  Hash server_key{};
};
/// As derive_keys(), from the client's side.
ClientKeys derive_client_keys(std::string_view password, std::string_view salt,
                              std::uint32_t iterations);

/// Whether the password is the one the keys were made of. The comparison takes the same time
/// whatever it finds. Takes milliseconds: not for a network thread.
bool verify_password(const ScramKeys& keys, std::string_view password);

/// For storage; starts with a version octet.
std::string encode_keys(const ScramKeys& keys);
/// Errors: corrupt (also an unknown version, or a number of iterations outside 1..kMaxIterations).
Result<ScramKeys> decode_keys(std::string_view stored);

}  // namespace posthorn::auth
