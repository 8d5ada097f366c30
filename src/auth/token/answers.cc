#include "auth/token/answers.h"

#include <boost/json.hpp>

#include "auth/token/claims.h"
#include "text/ascii.h"

namespace posthorn::auth {

namespace json = boost::json;

Result<ProviderMetadata> parse_metadata(std::string_view text, std::string_view issuer) {
  const auto metadata = parse_claims(text);
  if (!metadata) return fail(ErrorKind::syntax, "the metadata are not a JSON object");
  // Otherwise one issuer could name the keys of another (RFC 8414 §6.2).
  if (text_in(*metadata, "issuer") != issuer)
    return fail(ErrorKind::syntax, "the metadata are those of another \"issuer\"");
  return ProviderMetadata{
      .jwks_uri = std::string(text_in(*metadata, "jwks_uri")),
      .introspection_endpoint = std::string(text_in(*metadata, "introspection_endpoint"))};
}

std::vector<std::string> metadata_urls(std::string_view issuer) {
  while (issuer.ends_with('/')) issuer.remove_suffix(1);
  const std::size_t scheme = issuer.find("://");
  const std::size_t path =
      scheme == std::string_view::npos ? std::string_view::npos : issuer.find('/', scheme + 3);
  const std::string_view host = issuer.substr(0, path);
  const std::string_view rest = path == std::string_view::npos ? "" : issuer.substr(path);
  return {std::string(host) + "/.well-known/oauth-authorization-server" + std::string(rest),
          std::string(issuer) + "/.well-known/openid-configuration"};
}

Result<TokenJudgement> parse_introspection(std::string_view text, const TokenRules& rules,
                                           Timestamp now) {
  const auto claims = parse_claims(text);
  const json::value* const active = claims ? claims->if_contains("active") : nullptr;
  if (active == nullptr || !active->is_bool())
    return fail(ErrorKind::syntax, "the answer to the introspection lacks \"active\"");
  if (!active->get_bool()) return TokenJudgement(std::unexpected(TokenFault::inactive));
  // A token that is bound to a key (RFC 9449, RFC 8705) does not count for whoever only has it.
  const bool is_bearer =
      !claims->contains("token_type") || text::iequals(text_in(*claims, "token_type"), "Bearer");
  if (!is_bearer || claims->contains("cnf"))
    return TokenJudgement(std::unexpected(TokenFault::unsupported));
  return judge_claims(*claims, rules, now, ClaimsOf::introspection);
}

}  // namespace posthorn::auth
