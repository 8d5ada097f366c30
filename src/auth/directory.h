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

/// The data of an account that a login needs.
struct LoginRecord {
  AccountId account;
  /// The account's name as the account itself spells it, whatever the client sent.
  std::string name;
  std::optional<ScramKeys> keys = {};  ///< None: no password is accepted; tokens may be.
  AccountState state = AccountState::active;
  /// Changes whenever the password or state changes. Anything remembered under another version is
  /// stale.
  std::uint64_t version = 0;
};

/// Finds accounts by the name a client logs in with. Thread: any loop's.
class Directory {
 public:
  virtual ~Directory() = default;
  /// `login` is prepared UTF-8 of 1 to 255 octets. The directory handles case and aliases. Returns
  /// none if there is no such account. Errors: unavailable, io, corrupt.
  virtual async::Task<Result<std::optional<LoginRecord>>> find(std::string login) = 0;
};

}  // namespace posthorn::auth
