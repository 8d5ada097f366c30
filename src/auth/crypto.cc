#include "auth/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <cstdlib>
#include <memory>

#include "auth/secret.h"

namespace posthorn::auth {
namespace {

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

struct FreeMac {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, FreeMac>;

MacContext prepare_hmac() {
  EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);
  MacContext context(EVP_MAC_CTX_new(algorithm));
  EVP_MAC_free(algorithm);
  std::array<char, 7> digest = std::to_array("SHA256");
  const std::array<OSSL_PARAM, 2> settings = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  if (!context || EVP_MAC_CTX_set_params(context.get(), settings.data()) != 1) {
    std::abort();  // OpenSSL is not usable at all.
  }
  return context;
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
  // OpenSSL's HMAC() looks the algorithm up by its name each time, which costs several times what
  // the computation does. A copy of a prepared context costs little, and unlike a context that is
  // kept, it does not keep the key.
  static const MacContext prepared = prepare_hmac();
  const MacContext context(EVP_MAC_CTX_dup(prepared.get()));
  Hash out;
  std::size_t length = 0;
  if (!context || EVP_MAC_init(context.get(), octets(key), key.size(), nullptr) != 1 ||
      EVP_MAC_update(context.get(), octets(bytes), bytes.size()) != 1 ||
      EVP_MAC_final(context.get(), out.data(), &length, out.size()) != 1) {
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
