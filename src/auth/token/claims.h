#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string_view>

#include "auth/token/token.h"

// For the sources of this folder only: what is said about a token, as JSON.
namespace posthorn::auth {

/// Parses the JSON of somebody who is not trusted: an object, with a bounded depth. None for
/// anything else.
std::optional<boost::json::object> parse_claims(std::string_view json);

/// Returns a member that is a string; empty if it is not one.
std::string_view text_in(const boost::json::object& object, std::string_view name);

/// Where claims come from.
enum class ClaimsOf : std::uint8_t {
  token,          ///< A signed token, which must name its issuer, its audience and its end.
  introspection,  ///< The issuer's answer about a token, of which these are optional (RFC 7662
                  ///< §2.2). The audience is required if the rules have one.
};

/// Judges the claims of a token whose author is known.
TokenJudgement judge_claims(const boost::json::object& claims, const TokenRules& rules,
                            Timestamp now, ClaimsOf of);

}  // namespace posthorn::auth
