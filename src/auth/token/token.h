#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "auth/token/key_set.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"

namespace posthorn::auth {

/// The rules that a token must meet.
struct TokenRules {
  std::string issuer;                ///< Must equal "iss", octet by octet.
  std::string audience;              ///< Must be one of "aud".
  std::string user_claim = "email";  ///< The claim that names the account.
  std::string scope = {};            ///< Must be in "scope" or "scp"; empty: no scope is required.
  std::chrono::seconds leeway{60};   ///< Tolerated clock difference.
};

/// The reason why a token is refused. The log contains it; the client learns little (RFC 6750
/// §3.1).
enum class TokenFault : std::uint8_t {
  malformed,       ///< Not a JWT in compact form, or its JSON is invalid.
  unsupported,     ///< Another algorithm, including "none" and HMAC, or an unsupported "crit" or
                   ///< "typ".
  unknown_key,     ///< Signed with a key that is not in the set.
  bad_signature,   ///<
  wrong_issuer,    ///<
  wrong_audience,  ///<
  expired,         ///< Also for a token that never expires.
  not_yet_valid,   ///<
  insufficient_scope,  ///<
  no_user,             ///< The claim is missing, is not a string, or is an unverified address.
};
/// Returns the name of the fault, e.g. "bad_signature".
std::string_view name_of(TokenFault fault);

/// Verifies JSON Web Tokens (RFC 7519) signed with RS256, ES256 or EdDSA, using only a key set and
/// rules, without network access. Follows RFC 8725. Immutable. Thread: any.
class TokenVerifier {
 public:
  static constexpr std::size_t kMaxTokenOctets = 8 << 10;

  /// Errors: those of KeySet::parse; bad_argument if issuer or audience is missing.
  static Result<std::shared_ptr<const TokenVerifier>> make(TokenRules rules, std::string_view jwks);

  /// Returns the value of the user claim. Takes about 100 us of computing.
  [[nodiscard]] std::expected<std::string, TokenFault> user_of(std::string_view token,
                                                               Timestamp now) const;
  [[nodiscard]] const TokenRules& rules() const { return rules_; }

 private:
  TokenVerifier(TokenRules rules, KeySet keys) : rules_(std::move(rules)), keys_(std::move(keys)) {}
  const TokenRules rules_;
  const KeySet keys_;
};

/// Holds the current verifier, which may be replaced at any time. Thread: any.
class TokenPlace {
 public:
  void set(std::shared_ptr<const TokenVerifier> verifier) {
    const MutexLock lock(mutex_);
    verifier_ = std::move(verifier);
  }
  /// Null if tokens are not accepted.
  [[nodiscard]] std::shared_ptr<const TokenVerifier> current() const {
    const MutexLock lock(mutex_);
    return verifier_;
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const TokenVerifier> verifier_ POSTHORN_GUARDED_BY(mutex_);
};

}  // namespace posthorn::auth
