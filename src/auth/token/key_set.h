#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct evp_pkey_st;

namespace posthorn::auth {

/// The accepted signature algorithms (RFC 7518 §3.1, RFC 8037). Only asymmetric ones: with HMAC,
/// anybody who can check a token can create one, and with "none" everybody can (RFC 8725 §2.1).
enum class SignatureKind : std::uint8_t { rs256, es256, eddsa };

/// The public keys of a token issuer: a JWK Set (RFC 7517 §5). Immutable. Thread: any.
class KeySet {
 public:
  static constexpr std::size_t kMaxOctets = 1 << 20;  ///< Of the document.
  static constexpr std::size_t kMaxKeys = 100;
  static constexpr int kLeastRsaBits = 2048;  ///< RFC 7518 §3.3.

  /// Ignores keys that cannot be used here (for encryption, or of other types or curves). Errors:
  /// syntax, with the reason; not_supported if no key remains.
  static Result<KeySet> parse(std::string_view json);

  enum class Outcome : std::uint8_t { good, unknown_key, bad_signature };
  /// `id` is the token's "kid". If it is empty, every key of that kind is tried.
  [[nodiscard]] Outcome verify(SignatureKind kind, std::string_view id, std::string_view text,
                               std::string_view signature) const;
  [[nodiscard]] std::size_t size() const { return keys_.size(); }

 private:
  struct Key {
    SignatureKind kind;
    std::string id;
    std::shared_ptr<evp_pkey_st> key;
  };
  std::vector<Key> keys_;
};

/// Decodes base64url without padding, strictly (RFC 7515 §2). None for any other text.
std::optional<std::string> base64url_decode(std::string_view encoded);

}  // namespace posthorn::auth
