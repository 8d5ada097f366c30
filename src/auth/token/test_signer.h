#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "text/base64.h"

namespace posthorn::auth::test {

inline std::string base64url(std::string_view bytes) {
  std::string out = text::base64_encode(bytes);
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

/// A token issuer with a newly created key.
class Signer {
 public:
  enum class Kind : std::uint8_t { rsa, small_rsa, p256, ed25519 };
  Signer(Kind kind, std::string id) : kind_(kind), id_(std::move(id)), key_(make(kind)) {
    if (!key_) std::abort();
  }

  [[nodiscard]] std::string_view algorithm() const {
    return kind_ == Kind::p256 ? "ES256" : kind_ == Kind::ed25519 ? "EdDSA" : "RS256";
  }
  /// The key as JSON (RFC 7517).
  [[nodiscard]] std::string key() const {
    const std::string head = R"({"kid":")" + id_ + R"(","use":"sig",)";
    switch (kind_) {
      case Kind::p256:
        return head + R"("kty":"EC","crv":"P-256","x":")" + number(OSSL_PKEY_PARAM_EC_PUB_X, 32) +
               R"(","y":")" + number(OSSL_PKEY_PARAM_EC_PUB_Y, 32) + "\"}";
      case Kind::ed25519: {
        std::string raw(32, '\0');
        std::size_t size = raw.size();
        EVP_PKEY_get_raw_public_key(key_.get(), octets(raw), &size);
        return head + R"("kty":"OKP","crv":"Ed25519","x":")" + base64url(raw) + "\"}";
      }
      default:
        return head + R"("kty":"RSA","n":")" + number(OSSL_PKEY_PARAM_RSA_N, 0) + R"(","e":")" +
               number(OSSL_PKEY_PARAM_RSA_E, 0) + "\"}";
    }
  }
  [[nodiscard]] std::string key_set() const { return R"({"keys":[)" + key() + "]}"; }

  /// Returns a token with these claims (JSON).
  [[nodiscard]] std::string token(std::string_view claims) const {
    return signed_with(
        R"({"alg":")" + std::string(algorithm()) + R"(","kid":")" + id_ + R"(","typ":"JWT"})",
        claims);
  }
  [[nodiscard]] std::string signed_with(std::string_view header, std::string_view claims) const {
    const std::string text = base64url(header) + "." + base64url(claims);
    return text + "." + base64url(sign(text));
  }

 private:
  static unsigned char* octets(std::string& s) {
    return reinterpret_cast<unsigned char*>(s.data());
  }
  static std::shared_ptr<EVP_PKEY> make(Kind kind) {
    EVP_PKEY* key = nullptr;
    switch (kind) {
      case Kind::rsa: key = EVP_RSA_gen(2048); break;
      case Kind::small_rsa: key = EVP_RSA_gen(1024); break;
      case Kind::p256: key = EVP_EC_gen("P-256"); break;
      case Kind::ed25519: key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"); break;
    }
    return {key, EVP_PKEY_free};
  }

  /// Returns a number of the key, with leading zeros up to `width`.
  [[nodiscard]] std::string number(const char* name, int width) const {
    BIGNUM* n = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &n);
    std::string bytes(static_cast<std::size_t>(std::max(width, BN_num_bytes(n))), '\0');
    BN_bn2binpad(n, octets(bytes), static_cast<int>(bytes.size()));
    BN_free(n);
    return base64url(bytes);
  }

  [[nodiscard]] std::string sign(std::string_view text) const {
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    const EVP_MD* const hash = kind_ == Kind::ed25519 ? nullptr : EVP_sha256();
    std::string signature(1024, '\0');
    std::size_t size = signature.size();
    if (EVP_DigestSignInit(context, nullptr, hash, nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context, octets(signature), &size,
                       reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1)
      std::abort();
    EVP_MD_CTX_free(context);
    signature.resize(size);
    return kind_ == Kind::p256 ? raw(signature) : signature;
  }

  /// Converts the signature from DER (RFC 7518 §3.4).
  static std::string raw(std::string der) {
    const unsigned char* at = octets(der);
    ECDSA_SIG* const signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    std::string out(64, '\0');
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), octets(out), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), octets(out) + 32, 32);
    ECDSA_SIG_free(signature);
    return out;
  }

  const Kind kind_;
  const std::string id_;
  const std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace posthorn::auth::test
