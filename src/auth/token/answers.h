#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/token/token.h"
#include "base/result.h"

/// What an issuer of tokens says when it is asked. Whoever answers is not trusted further than
/// that: the texts are bounded by whoever fetched them, and everything here is without I/O.
namespace posthorn::auth {

/// The metadata of an issuer (RFC 8414 §2): what of it is used here. Empty texts were not there.
struct ProviderMetadata {
  std::string jwks_uri;
  std::string introspection_endpoint;
};

/// Reads metadata. Errors: syntax, with the reason, also if they are another issuer's (RFC 8414
/// §3.3).
Result<ProviderMetadata> parse_metadata(std::string_view json, std::string_view issuer);

/// Returns where the metadata of an issuer may be, in the order of trying: RFC 8414 §3.1, and
/// the place of OpenID Connect Discovery.
std::vector<std::string> metadata_urls(std::string_view issuer);

/// Reads the answer to an introspection request (RFC 7662 §2.2). Errors: syntax if it is not such
/// an answer, which says nothing about the token.
Result<TokenJudgement> parse_introspection(std::string_view json, const TokenRules& rules,
                                           Timestamp now);

}  // namespace posthorn::auth
