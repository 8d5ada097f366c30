#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "auth/password/foreign_hash.h"
#include "base/result.h"
#include "directory/entry.h"

/// Reads what directories keep of a user in texts. Errors: bad_argument, with a sentence that does
/// not name the place and contains nothing secret.
namespace posthorn::directory {

/// Reads whether somebody is enabled: "TRUE", "yes", "1", "active" and the like. The attributes
/// userAccountControl of Active Directory and nsAccountLock of 389 Directory Server are read as
/// those servers mean them.
Result<bool> parse_enabled(std::string_view field, std::string_view value);
/// Reads octets: a number, perhaps with K, M, G or T (powers of 1024), perhaps with B or iB.
Result<std::uint64_t> parse_quota(std::string_view value);
/// Reads a password or a hash; see auth::parse_imported. `limits`: what checking it may cost.
Result<Password> parse_password(std::string_view value, std::string_view default_scheme,
                                const auth::HashLimits& limits);
/// Returns the name of an account in lower case. A name without '@' is in the domain that was asked
/// for.
Result<std::string> account_name(std::string_view value, const Asked& asked);
/// Splits a list at commas and spaces, and puts it in lower case.
std::vector<std::string> split_list(std::string_view value);
/// Returns the groups as Entry has them.
std::vector<std::string> group_list(std::vector<std::string> groups);

/// Replaces %{name}, %{user} and %{domain} in a text by what `escape` returns for the values.
std::string expand(std::string_view text, const Asked& asked,
                   std::string (*escape)(std::string_view));

}  // namespace posthorn::directory
