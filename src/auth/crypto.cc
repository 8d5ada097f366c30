#include "auth/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <cstdlib>

#include "auth/secret.h"

namespace posthorn::auth {
namespace {

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

void wipe(std::string& bytes) {
  bytes.resize(bytes.capacity());  // Also wipes what a longer value left behind.
  OPENSSL_cleanse(bytes.data(), bytes.size());
  bytes.clear();
}

Hash sha256(std::string_view bytes) {
  Hash out;
  SHA256(octets(bytes), bytes.size(), out.data());
  return out;
}

Hash hmac(std::string_view key, std::string_view bytes) {
  Hash out;
  unsigned length = 0;
  if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets(bytes), bytes.size(),
            out.data(), &length)) {
    std::abort();  // Happens only without memory.
  }
  return out;
}

Hash salted_password(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  Hash out;
  if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), octets(salt),
                        static_cast<int>(salt.size()), static_cast<int>(iterations), EVP_sha256(),
                        static_cast<int>(out.size()), out.data()) != 1) {
    std::abort();  // Happens only without memory.
  }
  return out;
}

Hash operator^(const Hash& a, const Hash& b) {
  Hash out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = a[i] ^ b[i];
  return out;
}

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1) {
    std::abort();  // A predictable nonce would be worse than no server.
  }
  return out;
}

}  // namespace posthorn::auth
