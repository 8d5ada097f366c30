#include "auth/token/token.h"

#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <optional>
#include <utility>

#include "text/ascii.h"

namespace posthorn::auth {
namespace {

namespace json = boost::json;

/// The three parts of a token in compact form (RFC 7515 §3.1), still encoded.
struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;
};

std::optional<Parts> split(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  const std::string_view payload = token.substr(first + 1, last - first - 1);
  if (payload.contains('.')) return std::nullopt;  // Five parts: encrypted.
  return Parts{token.substr(0, first), payload, token.substr(last + 1), token.substr(0, last)};
}

std::optional<json::object> parse_object(std::string_view encoded) {
  const auto text = base64url_decode(encoded);
  if (!text) return std::nullopt;
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 8;
  json::value value = json::parse(*text, error, {}, options);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

std::string_view text_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  const json::string* const text = value != nullptr ? value->if_string() : nullptr;
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

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
    std::string_view words = text_of(claims, claim);
    while (!words.empty()) {
      const std::string_view word = words.substr(0, words.find(' '));
      if (word == wanted) return true;
      words.remove_prefix(std::min(word.size() + 1, words.size()));
    }
  }
  return false;
}

/// RFC 8725 §3.1: the algorithm must be one of ours; the token does not choose it.
std::optional<SignatureKind> kind_of(const json::object& header) {
  constexpr std::array<std::pair<std::string_view, SignatureKind>, 3> kKinds = {
      {{"RS256", SignatureKind::rs256},
       {"ES256", SignatureKind::es256},
       {"EdDSA", SignatureKind::eddsa}}};
  for (const auto& [name, kind] : kKinds)
    if (text_of(header, "alg") == name) return kind;
  return std::nullopt;
}

/// RFC 8725 §3.11: a token for another purpose says so in "typ"; RFC 9068 §2.1 "at+jwt".
bool is_of_our_type(const json::object& header) {
  if (!header.contains("typ")) return true;
  std::string_view type = text_of(header, "typ");
  if (text::istarts_with(type, "application/")) type.remove_prefix(12);
  return text::iequals(type, "JWT") || text::iequals(type, "at+jwt");
}

std::optional<TokenFault> judge_times(const json::object& claims, const TokenRules& rules,
                                      Timestamp now) {
  const auto at = static_cast<double>(now.seconds);
  const auto leeway = static_cast<double>(rules.leeway.count());
  const auto expires = date_of(claims, "exp");
  if (!expires || at >= *expires + leeway) return TokenFault::expired;
  if (claims.contains("nbf")) {
    const auto begins = date_of(claims, "nbf");
    if (!begins) return TokenFault::malformed;
    if (at < *begins - leeway) return TokenFault::not_yet_valid;
  }
  return std::nullopt;
}

std::expected<std::string, TokenFault> user_in(const json::object& claims,
                                               const TokenRules& rules) {
  const std::string_view user = text_of(claims, rules.user_claim);
  // OpenID Connect Core §5.1: otherwise anybody could claim somebody else's address.
  const json::value* const verified = claims.if_contains("email_verified");
  const bool unverified = rules.user_claim == "email" && verified != nullptr &&
                          (!verified->is_bool() || !verified->get_bool());
  if (user.empty() || unverified) return std::unexpected(TokenFault::no_user);
  return std::string(user);
}

std::expected<std::string, TokenFault> judge(const json::object& claims, const TokenRules& rules,
                                             Timestamp now) {
  if (text_of(claims, "iss") != rules.issuer) return std::unexpected(TokenFault::wrong_issuer);
  if (!names(claims, "aud", rules.audience)) return std::unexpected(TokenFault::wrong_audience);
  if (const auto fault = judge_times(claims, rules, now)) return std::unexpected(*fault);
  if (!rules.scope.empty() && !has_scope(claims, rules.scope))
    return std::unexpected(TokenFault::insufficient_scope);
  return user_in(claims, rules);
}

}  // namespace

std::string_view name_of(TokenFault fault) {
  switch (fault) {
    case TokenFault::malformed: return "malformed";
    case TokenFault::unsupported: return "unsupported";
    case TokenFault::unknown_key: return "unknown_key";
    case TokenFault::bad_signature: return "bad_signature";
    case TokenFault::wrong_issuer: return "wrong_issuer";
    case TokenFault::wrong_audience: return "wrong_audience";
    case TokenFault::expired: return "expired";
    case TokenFault::not_yet_valid: return "not_yet_valid";
    case TokenFault::insufficient_scope: return "insufficient_scope";
    case TokenFault::no_user: return "no_user";
  }
  return "?";
}

Result<std::shared_ptr<const TokenVerifier>> TokenVerifier::make(TokenRules rules,
                                                                 std::string_view jwks) {
  if (rules.issuer.empty() || rules.audience.empty() || rules.user_claim.empty())
    return fail(ErrorKind::bad_argument, "auth.oauth needs issuer, audience and user_claim");
  auto keys = KeySet::parse(jwks);
  if (!keys) return pass(keys);
  return std::shared_ptr<const TokenVerifier>(
      new TokenVerifier(std::move(rules), std::move(*keys)));
}

std::expected<std::string, TokenFault> TokenVerifier::user_of(std::string_view token,
                                                              Timestamp now) const {
  const auto parts = token.size() <= kMaxTokenOctets ? split(token) : std::nullopt;
  const auto header = parts ? parse_object(parts->header) : std::nullopt;
  const auto signature = parts ? base64url_decode(parts->signature) : std::nullopt;
  if (!header || !signature) return std::unexpected(TokenFault::malformed);
  const auto kind = kind_of(*header);
  if (!kind || header->contains("crit") || !is_of_our_type(*header))
    return std::unexpected(TokenFault::unsupported);
  switch (keys_.verify(*kind, text_of(*header, "kid"), parts->signed_text, *signature)) {
    case KeySet::Outcome::good: break;
    case KeySet::Outcome::unknown_key: return std::unexpected(TokenFault::unknown_key);
    case KeySet::Outcome::bad_signature: return std::unexpected(TokenFault::bad_signature);
  }
  // The payload is read only now, because its author is now known to be trusted.
  const auto claims = parse_object(parts->payload);
  if (!claims) return std::unexpected(TokenFault::malformed);
  return judge(*claims, rules_, now);
}

}  // namespace posthorn::auth
