#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"

namespace posthorn::auth {

/// The user who logged in.
struct Identity {
  AccountId account;
  std::string name;           ///< As the account itself spells it.
  std::uint64_t version = 0;  ///< LoginRecord::version at the time of the login.
  /// AppPassword::id of what was used; 0: the password of the account, or a token.
  std::uint64_t app_password = 0;
  /// Who logged in with a password of his own and acts as this user.
  struct Master {
    AccountId account;
    std::string name;
    std::uint64_t version = 0;
  };
  std::optional<Master> master = {};
  /// When the token that was used stops to count, and the session has to end: seconds since 1970.
  std::optional<std::int64_t> expires = {};
  /// Capabilities of IMAP that the session is not offered (LoginRules::without_for).
  std::vector<std::string> without_capabilities = {};
};

}  // namespace posthorn::auth
