#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "auth/secret.h"
#include "auth/token/key_set.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"

namespace posthorn::auth {

/// The rules that a token must meet.
struct TokenRules {
  std::string issuer = {};           ///< Must equal "iss", octet by octet.
  std::string audience = {};         ///< Must be one of "aud".
  std::string user_claim = "email";  ///< The claim that names the account.
  std::string scope = {};            ///< Must be in "scope" or "scp"; empty: no scope is required.
  std::chrono::seconds leeway{60};   ///< Tolerated clock difference.
  bool end_sessions = false;         ///< A session ends when its token does.
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
  inactive,            ///< The issuer says that it does not count (RFC 7662 §2.2).
};
/// Returns the name of the fault, e.g. "bad_signature".
std::string_view name_of(TokenFault fault);

/// The user of a token that counts.
struct TokenUser {
  std::string name;  ///< The value of the user claim.
  /// When the token stops to count, tolerance included: seconds since 1970. None if it has no end.
  std::optional<std::int64_t> expires = {};
};
using TokenJudgement = std::expected<TokenUser, TokenFault>;

/// Returns whether a text has the form of a bearer token (RFC 6750 §2.1, "b64token") and is not too
/// long. No other text is sent to anybody.
bool is_bearer_token(std::string_view token);

/// Judges tokens. Thread: any.
class TokenJudge {
 public:
  virtual ~TokenJudge() = default;
  [[nodiscard]] virtual const TokenRules& rules() const = 0;
  /// Judges by what is known on this machine. Returns none if the issuer has to be asked.
  [[nodiscard]] virtual std::optional<TokenJudgement> judge_now(std::string_view token,
                                                                Timestamp now) const = 0;
  /// Asks the issuer, for a bounded time. Errors: unavailable, which says nothing about the token.
  /// Thread: any loop's.
  virtual async::Task<Result<TokenJudgement>> ask(std::shared_ptr<const Secret> token,
                                                  Timestamp now) const;
};

/// Verifies JSON Web Tokens (RFC 7519) signed with RS256, ES256 or EdDSA, using only a key set and
/// rules, without network access. Follows RFC 8725. Immutable. Thread: any.
class TokenVerifier final : public TokenJudge {
 public:
  static constexpr std::size_t kMaxTokenOctets = 8 << 10;

  /// Errors: those of KeySet::parse; bad_argument if issuer or audience is missing.
  static Result<std::shared_ptr<const TokenVerifier>> make(TokenRules rules, std::string_view jwks);

  /// Returns the user. Takes about 100 us of computing.
  [[nodiscard]] TokenJudgement user_of(std::string_view token, Timestamp now) const;
  [[nodiscard]] std::optional<TokenJudgement> judge_now(std::string_view token,
                                                        Timestamp now) const override {
    return user_of(token, now);
  }
  [[nodiscard]] const TokenRules& rules() const override { return rules_; }

 private:
  TokenVerifier(TokenRules rules, KeySet keys) : rules_(std::move(rules)), keys_(std::move(keys)) {}
  const TokenRules rules_;
  const KeySet keys_;
};

/// Holds the current judge, which may be replaced at any time. Thread: any.
class TokenPlace {
 public:
  void set(std::shared_ptr<const TokenJudge> judge) {
    const MutexLock lock(mutex_);
    judge_ = std::move(judge);
  }
  /// Null if tokens are not accepted.
  [[nodiscard]] std::shared_ptr<const TokenJudge> current() const {
    const MutexLock lock(mutex_);
    return judge_;
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const TokenJudge> judge_ POSTHORN_GUARDED_BY(mutex_);
};

}  // namespace posthorn::auth
