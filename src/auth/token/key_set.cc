#include "auth/token/key_set.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "text/base64.h"

namespace posthorn::auth {
namespace {

namespace json = boost::json;
using KeyPtr = std::shared_ptr<EVP_PKEY>;

template <auto kFree>
struct Freed {
  template <class T>
  void operator()(T* p) const {
    kFree(p);
  }
};
template <class T, auto kFree>
using Owned = std::unique_ptr<T, Freed<kFree>>;
using Number = Owned<BIGNUM, BN_free>;

const unsigned char* octets(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}

/// Returns a member that is a string; empty if it is not one.
std::string_view text_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  const json::string* const text = value != nullptr ? value->if_string() : nullptr;
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

std::string octets_of(const json::object& object, std::string_view name) {
  return base64url_decode(text_of(object, name)).value_or("");
}

Number number(std::string_view bytes) {
  return Number(BN_bin2bn(octets(bytes), static_cast<int>(bytes.size()), nullptr));
}

/// Creates a public key of the type from the parameters that `add` passes to the builder.
template <class Add>
KeyPtr build(const char* type, Add add) {
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  if (!builder || !add(builder.get())) return nullptr;
  const Owned<OSSL_PARAM, OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(builder.get()));
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  return {key, Freed<EVP_PKEY_free>()};
}

/// RFC 7518 §6.3.1.
KeyPtr rsa_key(const json::object& jwk) {
  constexpr std::size_t kMostOctets = 2048;  // 16,384 bits: longer keys would only cost time.
  const std::string modulus = octets_of(jwk, "n");
  const std::string exponent = octets_of(jwk, "e");
  if (modulus.empty() || modulus.size() > kMostOctets || exponent.empty() || exponent.size() > 8)
    return nullptr;
  const Number n = number(modulus);
  const Number e = number(exponent);
  if (!n || !e || BN_num_bits(n.get()) < KeySet::kLeastRsaBits) return nullptr;
  return build("RSA", [&](OSSL_PARAM_BLD* builder) {
    return OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e.get()) == 1;
  });
}

/// RFC 7518 §6.2.1.
KeyPtr ec_key(const json::object& jwk) {
  constexpr std::size_t kCoordinate = 32;
  const std::string x = octets_of(jwk, "x");
  const std::string y = octets_of(jwk, "y");
  if (text_of(jwk, "crv") != "P-256" || x.size() != kCoordinate || y.size() != kCoordinate)
    return nullptr;
  const std::string point = '\x04' + x + y;
  // OpenSSL refuses a point that is not on the curve.
  return build("EC", [&](OSSL_PARAM_BLD* builder) {
    return OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
           OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                            point.size()) == 1;
  });
}

/// RFC 8037 §2.
KeyPtr okp_key(const json::object& jwk) {
  const std::string x = octets_of(jwk, "x");
  if (text_of(jwk, "crv") != "Ed25519") return nullptr;
  return {EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(x), x.size()),
          Freed<EVP_PKEY_free>()};
}

struct KeyType {
  std::string_view type;
  std::string_view algorithm;
  SignatureKind kind;
  KeyPtr (*make)(const json::object&);
};
constexpr KeyType kTypes[] = {{"RSA", "RS256", SignatureKind::rs256, rsa_key},
                              {"EC", "ES256", SignatureKind::es256, ec_key},
                              {"OKP", "EdDSA", SignatureKind::eddsa, okp_key}};

/// Null if the key is for another purpose (RFC 7517 §4.2, §4.4).
const KeyType* type_of(const json::object& jwk) {
  const std::string_view use = text_of(jwk, "use");
  const std::string_view algorithm = text_of(jwk, "alg");
  if (!use.empty() && use != "sig") return nullptr;
  const auto* const type = std::ranges::find(kTypes, text_of(jwk, "kty"), &KeyType::type);
  if (type == std::end(kTypes) || (!algorithm.empty() && algorithm != type->algorithm))
    return nullptr;
  return type;
}

/// RFC 7518 §3.4: the signature is two numbers of 32 octets; OpenSSL requires DER.
std::string der_signature(std::string_view raw) {
  constexpr std::size_t kHalf = 32;
  if (raw.size() != 2 * kHalf) return {};
  const Owned<ECDSA_SIG, ECDSA_SIG_free> signature(ECDSA_SIG_new());
  if (!signature) return {};
  BIGNUM* const r = number(raw.substr(0, kHalf)).release();
  BIGNUM* const s = number(raw.substr(kHalf)).release();
  ECDSA_SIG_set0(signature.get(), r, s);
  const int size = i2d_ECDSA_SIG(signature.get(), nullptr);
  if (size <= 0) return {};
  std::string der(static_cast<std::size_t>(size), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  i2d_ECDSA_SIG(signature.get(), &out);
  return der;
}

/// Clears OpenSSL's error queue, which the next user on this thread, such as TLS, would otherwise
/// read.
struct ForgetErrors {
  ForgetErrors() = default;
  ~ForgetErrors() { ERR_clear_error(); }
  ForgetErrors(const ForgetErrors&) = delete;
  ForgetErrors& operator=(const ForgetErrors&) = delete;
};

bool is_signed(EVP_PKEY* key, SignatureKind kind, std::string_view text,
               std::string_view signature) {
  const std::string der = kind == SignatureKind::es256 ? der_signature(signature) : "";
  if (kind == SignatureKind::es256) signature = der;
  const EVP_MD* const hash = kind == SignatureKind::eddsa ? nullptr : EVP_sha256();
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  return context && EVP_DigestVerifyInit(context.get(), nullptr, hash, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(text),
                          text.size()) == 1;
}

}  // namespace

std::optional<std::string> base64url_decode(std::string_view encoded) {
  std::string standard(encoded);
  for (char& c : standard) {
    if (c == '+' || c == '/' || c == '=') return std::nullopt;
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  standard.append((4 - standard.size() % 4) % 4, '=');
  return text::base64_decode(standard);
}

Result<KeySet> KeySet::parse(std::string_view text) {
  if (text.size() > kMaxOctets) return fail(ErrorKind::syntax, "the key set is too large");
  boost::system::error_code error;
  const json::value document = json::parse(text, error);
  if (error) return fail(ErrorKind::syntax, "the key set is not JSON: " + error.message());
  const json::object* const set = document.if_object();
  const json::value* const found = set != nullptr ? set->if_contains("keys") : nullptr;
  const json::array* const keys = found != nullptr ? found->if_array() : nullptr;
  if (keys == nullptr) return fail(ErrorKind::syntax, "the key set has no list of \"keys\"");
  if (keys->size() > kMaxKeys) return fail(ErrorKind::syntax, "the key set has too many keys");
  const ForgetErrors forget;
  KeySet made;
  for (const json::value& value : *keys) {
    const json::object* const jwk = value.if_object();
    const KeyType* const type = jwk != nullptr ? type_of(*jwk) : nullptr;
    if (type == nullptr) continue;
    if (KeyPtr key = type->make(*jwk))
      made.keys_.push_back({type->kind, std::string(text_of(*jwk, "kid")), std::move(key)});
  }
  if (made.keys_.empty())
    return fail(ErrorKind::not_supported,
                "the key set has no key for RS256 (2048 bits or more), ES256 or EdDSA (Ed25519)");
  return made;
}

KeySet::Outcome KeySet::verify(SignatureKind kind, std::string_view id, std::string_view text,
                               std::string_view signature) const {
  constexpr int kMostTried = 8;
  const ForgetErrors forget;
  Outcome outcome = Outcome::unknown_key;
  int tried = 0;
  for (const Key& key : keys_) {
    if (key.kind != kind || (!id.empty() && key.id != id) || tried == kMostTried) continue;
    if (is_signed(key.key.get(), kind, text, signature)) return Outcome::good;
    outcome = Outcome::bad_signature;
    ++tried;
  }
  return outcome;
}

}  // namespace posthorn::auth
