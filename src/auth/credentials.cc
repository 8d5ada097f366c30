#include "auth/credentials.h"

#include <openssl/crypto.h>

#include "auth/sasl/saslprep.h"
#include "auth/secret.h"
#include "base/bytes.h"

namespace posthorn::auth {
namespace {

// The versions of stored credentials. Without a hash the first one is written, which every version
// of this program reads.
constexpr std::uint8_t kKeysAlone = 1;
constexpr std::uint8_t kWithHash = 2;
constexpr std::uint8_t kElsewhere = 3;  // The name of a directory.
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

namespace {

void write_keys(ByteWriter& w, const ScramKeys& keys) {
  w.varint(keys.iterations);
  w.bytes(keys.salt);
  w.raw(view(keys.stored_key));
  w.raw(view(keys.server_key));
}

/// None if they are malformed.
std::optional<ScramKeys> read_keys(ByteReader& r) {
  const std::uint64_t iterations = r.varint();
  const std::string_view salt = r.bytes();
  const std::string_view stored_key = r.raw(sizeof(Hash));
  const std::string_view server_key = r.raw(sizeof(Hash));
  if (!r.ok() || iterations == 0 || iterations > kMaxIterations || salt.empty() ||
      salt.size() > kMaxSaltOctets)
    return std::nullopt;
  ScramKeys keys;
  keys.salt = salt;
  keys.iterations = static_cast<std::uint32_t>(iterations);
  std::ranges::copy(stored_key, keys.stored_key.begin());
  std::ranges::copy(server_key, keys.server_key.begin());
  return keys;
}

/// None if they are malformed.
std::optional<Credentials> read_credentials(std::string_view stored) {
  ByteReader r(stored);
  const std::uint8_t version = r.u8();
  Credentials credentials;
  if (version == kWithHash) {
    auto hash = ForeignHash::parse(r.bytes());
    if (!hash) return std::nullopt;
    credentials.hash = std::move(*hash);
  }
  if (version == kElsewhere) {
    credentials.directory = r.bytes();
    if (credentials.directory.empty()) return std::nullopt;
  }
  if (version == kKeysAlone || (version == kWithHash && !r.at_end())) {
    credentials.keys = read_keys(r);
    if (!credentials.keys) return std::nullopt;
  }
  const bool known = version == kKeysAlone || version == kWithHash || version == kElsewhere;
  if (!known || !r.ok() || !r.at_end()) return std::nullopt;
  return credentials;
}

}  // namespace

std::string encode_credentials(const Credentials& credentials) {
  std::string out;
  ByteWriter w(out);
  if (!credentials.directory.empty()) {
    w.u8(kElsewhere);
    w.bytes(credentials.directory);
    return out;
  }
  w.u8(credentials.hash ? kWithHash : kKeysAlone);
  if (credentials.hash) w.bytes(credentials.hash->text());
  if (credentials.keys) write_keys(w, *credentials.keys);
  return out;
}

Result<Credentials> decode_credentials(std::string_view stored) {
  auto credentials = read_credentials(stored);
  if (!credentials) return fail(ErrorKind::corrupt, "stored credentials cannot be read");
  return std::move(*credentials);
}

}  // namespace posthorn::auth
