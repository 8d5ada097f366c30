#include "auth/credentials.h"

#include <openssl/crypto.h>

#include "auth/sasl/saslprep.h"
#include "auth/secret.h"
#include "base/bytes.h"

namespace posthorn::auth {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kSaltOctets = 16;
constexpr std::size_t kMaxSaltOctets = 64;

/// Normalize of RFC 5802 §2.2. If SASLprep fails, clients differ; most of them send the octets
/// unchanged.
Secret normalize(std::string_view password) {
  auto prepared = saslprep(password, PrepareAs::stored);
  if (!prepared || prepared->empty()) return Secret(password);
  Secret out(*prepared);
  wipe(*prepared);
  return out;
}

}  // namespace

ClientKeys derive_client_keys(std::string_view password, std::string_view salt,
                              std::uint32_t iterations) {
  const Secret normal = normalize(password);
  Hash salted = salted_password(normal.reveal(), salt, iterations);
  const ClientKeys keys{hmac(view(salted), "Client Key"), hmac(view(salted), "Server Key")};
  OPENSSL_cleanse(salted.data(), salted.size());
  return keys;
}

ScramKeys derive_keys(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  ClientKeys of = derive_client_keys(password, salt, iterations);
  ScramKeys keys{std::string(salt), iterations, sha256(view(of.client_key)), of.server_key};
  OPENSSL_cleanse(&of, sizeof of);
  return keys;
}

ScramKeys make_keys(std::string_view password, std::uint32_t iterations) {
  return derive_keys(password, random_bytes(kSaltOctets), iterations);
}

bool verify_password(const ScramKeys& keys, std::string_view password) {
  if (keys.iterations == 0 || password.size() > kMaxPasswordOctets) return false;
  const ScramKeys tried = derive_keys(password, keys.salt, keys.iterations);
  return CRYPTO_memcmp(tried.stored_key.data(), keys.stored_key.data(), keys.stored_key.size()) ==
         0;
}

std::string encode_keys(const ScramKeys& keys) {
  std::string out;
  ByteWriter w(out);
  w.u8(kVersion);
  w.varint(keys.iterations);
  w.bytes(keys.salt);
  w.raw(view(keys.stored_key));
  w.raw(view(keys.server_key));
  return out;
}

Result<ScramKeys> decode_keys(std::string_view stored) {
  ByteReader r(stored);
  const std::uint8_t version = r.u8();
  const std::uint64_t iterations = r.varint();
  const std::string_view salt = r.bytes();
  const std::string_view stored_key = r.raw(sizeof(Hash));
  const std::string_view server_key = r.raw(sizeof(Hash));
  if (!r.ok() || !r.at_end() || version != kVersion || iterations == 0 ||
      iterations > kMaxIterations || salt.empty() || salt.size() > kMaxSaltOctets) {
    return fail(ErrorKind::corrupt, "stored credentials cannot be read");
  }
  ScramKeys keys;
  keys.salt = salt;
  keys.iterations = static_cast<std::uint32_t>(iterations);
  std::ranges::copy(stored_key, keys.stored_key.begin());
  std::ranges::copy(server_key, keys.server_key.begin());
  return keys;
}

}  // namespace posthorn::auth
