#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/crypto.h"
#include "auth/password/foreign_hash.h"
#include "base/result.h"

namespace posthorn::auth {

constexpr std::uint32_t kMinIterations = 4096;  ///< RFC 7677 §4: SHOULD be at least this.
constexpr std::uint32_t kDefaultIterations = 16384;
/// With more iterations, one stored record could occupy a thread for seconds.
constexpr std::uint32_t kMaxIterations = 1'000'000;
/// Longer passwords are refused before anything is computed. RFC 4616 §2 requires support for at
/// least 255 octets.
constexpr std::size_t kMaxPasswordOctets = 1024;

/// The data stored for a password. It allows checking passwords and SCRAM-SHA-256 in both
/// directions (RFC 5802 §3, RFC 7677), but it contains neither the password nor anything that could
/// replace it.
struct ScramKeys {
  std::string salt;
  std::uint32_t iterations = 0;
  Hash stored_key{};
  Hash server_key{};
  friend bool operator==(const ScramKeys&, const ScramKeys&) = default;
};

/// Derives keys with a new random salt. The password is prepared with SASLprep; if that fails, its
/// octets are used unchanged. Takes milliseconds: do not call on a network thread.
ScramKeys make_keys(std::string_view password, std::uint32_t iterations = kDefaultIterations);
/// The same with a given salt. Requires: iterations >= 1.
ScramKeys derive_keys(std::string_view password, std::string_view salt, std::uint32_t iterations);

/// The keys by which a SCRAM client authenticates and recognises the server. They are equivalent to
/// the password: wipe them after use.
struct ClientKeys {
  Hash client_key{};
  Hash server_key{};
};
/// As derive_keys(), for the client.
ClientKeys derive_client_keys(std::string_view password, std::string_view salt,
                              std::uint32_t iterations);

/// Returns whether the keys were derived from this password. The comparison takes constant time.
/// Takes milliseconds: do not call on a network thread.
bool verify_password(const ScramKeys& keys, std::string_view password);

/// What an account's password is checked against. SCRAM needs the keys; a hash from another server
/// is used for passwords in clear while there are none. Or the password is in a directory outside
/// of the store.
struct Credentials {
  std::optional<ScramKeys> keys = {};
  std::optional<ForeignHash> hash = {};
  std::string directory = {};  ///< Its name in the configuration; then there is nothing else.
  friend bool operator==(const Credentials&, const Credentials&) = default;
};

/// Encodes credentials for storage; the first octet is a version. Requires: at least one is set.
std::string encode_credentials(const Credentials& credentials);
inline std::string encode_keys(const ScramKeys& keys) { return encode_credentials({keys, {}}); }
/// Errors: corrupt (also for an unknown version, iterations outside 1..kMaxIterations, or a hash
/// that cannot be parsed).
Result<Credentials> decode_credentials(std::string_view stored);

}  // namespace posthorn::auth
