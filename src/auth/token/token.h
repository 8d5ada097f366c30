#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "auth/token/key_set.h"
#include "base/clock.h"
#include "base/result.h"

namespace posthorn::auth {

/// What a token has to say to be let in.
struct TokenRules {
  std::string issuer;                ///< "iss", octet by octet.
  std::string audience;              ///< Has to be among "aud".
  std::string user_claim = "email";  ///< The claim that names the account.
  std::string scope = {};            ///< Has to be among "scope" or "scp"; empty: none has to.
  std::chrono::seconds leeway{60};   ///< Clocks may differ by so much.
};

/// Why a token is not let in. The log says which; a client is told little (RFC 6750 §3.1).
enum class TokenFault : std::uint8_t {
  malformed,           ///< No JWT in compact form, or its JSON is none.
  unsupported,         ///< Another algorithm, "none" and HMAC included, or "crit" or "typ".
  unknown_key,         ///< Signed with a key that is not in the set.
  bad_signature,       ///<
  wrong_issuer,        ///<
  wrong_audience,      ///<
  expired,             ///< Also one that never does.
  not_yet_valid,       ///<
  insufficient_scope,  ///<
  no_user,             ///< The claim is not there, no text, or an address not verified.
};
/// "bad_signature".
std::string_view name_of(TokenFault fault);

/// Judges JSON Web Tokens (RFC 7519) signed with RS256, ES256 or EdDSA by what is at hand: a set of
/// keys and rules, no network. Follows RFC 8725. Immutable; any thread.
class TokenVerifier {
 public:
  static constexpr std::size_t kMaxTokenOctets = 8 << 10;

  /// Errors: those of KeySet::parse; bad_argument when issuer or audience are missing.
  static Result<std::shared_ptr<const TokenVerifier>> make(TokenRules rules, std::string_view jwks);

  /// The value of the user claim. Some 100 us of computing.
  [[nodiscard]] std::expected<std::string, TokenFault> user_of(std::string_view token,
                                                               Timestamp now) const;
  [[nodiscard]] const TokenRules& rules() const { return rules_; }

 private:
  TokenVerifier(TokenRules rules, KeySet keys) : rules_(std::move(rules)), keys_(std::move(keys)) {}
  const TokenRules rules_;
  const KeySet keys_;
};

/// The verifier in use, which may be put in place of another at any time. Thread: any.
class TokenPlace {
 public:
  void set(std::shared_ptr<const TokenVerifier> verifier) {
    const std::lock_guard lock(mutex_);
    verifier_ = std::move(verifier);
  }
  /// Null: tokens are not taken.
  [[nodiscard]] std::shared_ptr<const TokenVerifier> current() const {
    const std::lock_guard lock(mutex_);
    return verifier_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const TokenVerifier> verifier_;
};

}  // namespace posthorn::auth
