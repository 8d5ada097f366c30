#pragma once

#include <string_view>
#include <variant>

#include "auth/credentials.h"
#include "auth/password/foreign_hash.h"
#include "auth/secret.h"
#include "base/result.h"

namespace posthorn::auth {

/// What the password field of an account from another server is: the password itself ({PLAIN},
/// {CLEARTEXT}), keys as we keep them ({SCRAM-SHA-256}), or a hash.
using ImportedPassword = std::variant<Secret, ScramKeys, ForeignHash>;

/// Reads such a field; see ForeignHash::parse. SCRAM keys are read as Dovecot writes them
/// ("4096,salt,stored key,server key") and as PostgreSQL does ("SCRAM-SHA-256$4096:salt$stored
/// key:server key"). Errors: bad_argument, not_supported; limit if it is beyond `limits`.
Result<ImportedPassword> parse_imported(std::string_view text, std::string_view default_scheme,
                                        const HashLimits& limits);

}  // namespace posthorn::auth
