#include "auth/token/claims.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "text/ascii.h"

namespace posthorn::auth {

namespace json = boost::json;

std::optional<json::object> parse_claims(std::string_view text) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 8;
  json::value value = json::parse(text, error, {}, options);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

std::string_view text_in(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  const json::string* const text = value != nullptr ? value->if_string() : nullptr;
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

namespace {

/// NumericDate of RFC 7519 §2. None if it is missing or not a number.
std::optional<double> date_of(const json::object& claims, std::string_view name) {
  const json::value* const value = claims.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto seconds = value->to_number<double>();
  return std::isfinite(seconds) ? std::optional(seconds) : std::nullopt;
}

/// Returns whether a claim equals this text, or is a list that contains it (RFC 7519 §4.1.3).
bool names(const json::object& claims, std::string_view claim, std::string_view wanted) {
  const json::value* const value = claims.if_contains(claim);
  if (value == nullptr) return false;
  if (const json::string* const text = value->if_string()) return *text == wanted;
  const json::array* const list = value->if_array();
  if (list == nullptr) return false;
  for (const json::value& one : *list)
    if (const json::string* const text = one.if_string(); text != nullptr && *text == wanted)
      return true;
  return false;
}

/// RFC 8693 §4.2 "scope", words separated by spaces; or "scp", which some issuers use, in the same
/// form or as a list.
bool has_scope(const json::object& claims, std::string_view wanted) {
  for (const std::string_view claim : {"scope", "scp"}) {
    if (names(claims, claim, wanted)) return true;
    std::string_view words = text_in(claims, claim);
    while (!words.empty()) {
      const std::string_view word = words.substr(0, words.find(' '));
      if (word == wanted) return true;
      words.remove_prefix(std::min(word.size() + 1, words.size()));
    }
  }
  return false;
}

std::optional<TokenFault> judge_times(const json::object& claims, const TokenRules& rules,
                                      Timestamp now, ClaimsOf of) {
  const auto at = static_cast<double>(now.seconds);
  const auto leeway = static_cast<double>(rules.leeway.count());
  const auto expires = date_of(claims, "exp");
  const bool may_lack = of == ClaimsOf::introspection && !claims.contains("exp");
  if (expires ? at >= *expires + leeway : !may_lack) return TokenFault::expired;
  if (claims.contains("nbf")) {
    const auto begins = date_of(claims, "nbf");
    if (!begins) return TokenFault::malformed;
    if (at < *begins - leeway) return TokenFault::not_yet_valid;
  }
  return std::nullopt;
}

TokenJudgement user_in(const json::object& claims, const TokenRules& rules) {
  const std::string_view user = text_in(claims, rules.user_claim);
  // OpenID Connect Core §5.1: otherwise anybody could claim somebody else's address.
  const json::value* const verified = claims.if_contains("email_verified");
  const bool unverified = rules.user_claim == "email" && verified != nullptr &&
                          (!verified->is_bool() || !verified->get_bool());
  if (user.empty() || unverified) return std::unexpected(TokenFault::no_user);
  TokenUser found{.name = std::string(user)};
  constexpr double kLatest = 1e15;
  if (const auto expires = date_of(claims, "exp"))
    found.expires =
        static_cast<std::int64_t>(std::clamp(*expires, 0.0, kLatest)) + rules.leeway.count();
  return found;
}

}  // namespace

TokenJudgement judge_claims(const json::object& claims, const TokenRules& rules, Timestamp now,
                            ClaimsOf of) {
  const bool is_answer = of == ClaimsOf::introspection;
  if (!(is_answer && !claims.contains("iss")) && text_in(claims, "iss") != rules.issuer)
    return std::unexpected(TokenFault::wrong_issuer);
  if (!(is_answer && rules.audience.empty()) && !names(claims, "aud", rules.audience))
    return std::unexpected(TokenFault::wrong_audience);
  if (const auto fault = judge_times(claims, rules, now, of)) return std::unexpected(*fault);
  if (!rules.scope.empty() && !has_scope(claims, rules.scope))
    return std::unexpected(TokenFault::insufficient_scope);
  return user_in(claims, rules);
}

}  // namespace posthorn::auth
