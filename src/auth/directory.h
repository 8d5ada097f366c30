#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "auth/credentials.h"
#include "base/ids.h"
#include "base/result.h"

namespace posthorn::auth {

enum class AccountState : std::uint8_t { active, disabled };

/// What a login needs to know of an account.
struct LoginRecord {
  AccountId account;
  /// The account's own spelling of its name, whatever the client typed.
  std::string name;
  std::optional<ScramKeys> keys = {};  ///< None: no password is right; tokens may be.
  AccountState state = AccountState::active;
  /// Changes with every change of password or state: what was remembered under another is stale.
  std::uint64_t version = 0;
};

/// Where accounts are found by the name a client logs in with. Thread: any loop's.
class Directory {
 public:
  virtual ~Directory() = default;
  /// `login` is prepared UTF-8 of 1 to 255 octets; case and aliases are the directory's business.
  /// None when there is no such account. Errors: unavailable, io, corrupt.
  virtual async::Task<Result<std::optional<LoginRecord>>> find(std::string login) = 0;
};

}  // namespace posthorn::auth
