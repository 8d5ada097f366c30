#pragma once

#include <optional>
#include <string_view>

#include "auth/crypto.h"
#include "auth/rules/login_rules.h"
#include "auth/secret.h"

namespace posthorn::auth {

/// Returns a new random password of 130 bits for one program: 26 letters and digits in groups, in
/// which no two characters look alike.
Secret make_app_password();

/// Returns what is stored of a password made by make_app_password(): SHA-256 of its letters and
/// digits, whatever their case, so that people may type it without its hyphens. None if it does not
/// look like one.
std::optional<Hash> digest_of_app_password(std::string_view password);

/// The origin of a login and what it is for.
struct AppPasswordUse {
  Protocol protocol = Protocol::other;
  std::string_view peer;  ///< As Stream::peer() reports it.
  std::int64_t now = 0;   ///< Seconds.
};
/// Returns the app password that `digest` is of, if it is good for this use. Takes the same time
/// whichever it is. `refused` is set to the reason if it is known but no good for this.
const AppPassword* find_app_password(const LoginRules& rules, const Hash& digest,
                                     const AppPasswordUse& use, std::string_view& refused);

}  // namespace posthorn::auth
