#include "auth/token/token.h"

#include <array>
#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "auth/token/claims.h"
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
  return text ? parse_claims(*text) : std::nullopt;
}

/// RFC 8725 §3.1: the algorithm must be one of ours; the token does not choose it.
std::optional<SignatureKind> kind_of(const json::object& header) {
  constexpr std::array<std::pair<std::string_view, SignatureKind>, 3> kKinds = {
      {{"RS256", SignatureKind::rs256},
       {"ES256", SignatureKind::es256},
       {"EdDSA", SignatureKind::eddsa}}};
  for (const auto& [name, kind] : kKinds)
    if (text_in(header, "alg") == name) return kind;
  return std::nullopt;
}

/// RFC 8725 §3.11: a token for another purpose says so in "typ"; RFC 9068 §2.1 "at+jwt".
bool is_of_our_type(const json::object& header) {
  if (!header.contains("typ")) return true;
  std::string_view type = text_in(header, "typ");
  if (text::istarts_with(type, "application/")) type.remove_prefix(12);
  return text::iequals(type, "JWT") || text::iequals(type, "at+jwt");
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
    case TokenFault::inactive: return "inactive";
  }
  return "?";
}

bool is_bearer_token(std::string_view token) {
  const std::size_t body = token.find_last_not_of('=') + 1;
  const auto is_in_body = [](char c) {
    return text::is_alpha(c) || text::is_digit(c) || std::string_view("-._~+/").contains(c);
  };
  return token.size() <= TokenVerifier::kMaxTokenOctets && body > 0 &&
         std::ranges::all_of(token.substr(0, body), is_in_body);
}

async::Task<Result<TokenJudgement>> TokenJudge::ask(std::shared_ptr<const Secret> /*token*/,
                                                    Timestamp /*now*/) const {
  co_return fail(ErrorKind::server_bug, "There is nobody to ask about tokens");
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

TokenJudgement TokenVerifier::user_of(std::string_view token, Timestamp now) const {
  const auto parts = token.size() <= kMaxTokenOctets ? split(token) : std::nullopt;
  const auto header = parts ? parse_object(parts->header) : std::nullopt;
  const auto signature = parts ? base64url_decode(parts->signature) : std::nullopt;
  if (!header || !signature) return std::unexpected(TokenFault::malformed);
  const auto kind = kind_of(*header);
  if (!kind || header->contains("crit") || !is_of_our_type(*header))
    return std::unexpected(TokenFault::unsupported);
  switch (keys_.verify(*kind, text_in(*header, "kid"), parts->signed_text, *signature)) {
    case KeySet::Outcome::good: break;
    case KeySet::Outcome::unknown_key: return std::unexpected(TokenFault::unknown_key);
    case KeySet::Outcome::bad_signature: return std::unexpected(TokenFault::bad_signature);
  }
  // The payload is read only now, because its author is now known to be trusted.
  const auto claims = parse_object(parts->payload);
  if (!claims) return std::unexpected(TokenFault::malformed);
  return judge_claims(*claims, rules_, now, ClaimsOf::token);
}

}  // namespace posthorn::auth
