#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "auth/credentials.h"
#include "auth/rules/login_rules.h"
#include "base/ids.h"
#include "base/result.h"

namespace posthorn::auth {

enum class AccountState : std::uint8_t { active, disabled };

/// The data of an account that a login needs.
struct LoginRecord {
  AccountId account;
  /// The account's name as the account itself spells it, whatever the client sent.
  std::string name;
  std::optional<ScramKeys> keys = {};
  /// Checked if there are no keys. Neither: no password is accepted; tokens may be.
  std::optional<ForeignHash> hash = {};
  AccountState state = AccountState::active;
  /// Changes whenever the password or state changes. Anything remembered under another version is
  /// stale.
  std::uint64_t version = 0;
  std::shared_ptr<const LoginRules> rules = {};  ///< Null: the default ones.

  [[nodiscard]] bool takes_main_password(Protocol protocol) const {
    return !rules || rules->takes_main_password(protocol);
  }
};

/// Finds accounts by the name a client logs in with. Thread: any loop's.
class Directory {
 public:
  virtual ~Directory() = default;
  /// `login` is prepared UTF-8 of 1 to 255 octets. The directory handles case and aliases. Returns
  /// none if there is no such account. Errors: unavailable, io, corrupt.
  virtual async::Task<Result<std::optional<LoginRecord>>> find(std::string login) = 0;

  /// Stores keys that were derived from the right password of `record`, instead of the hash it was
  /// checked against. Does nothing if the password has been changed since. Errors: those of the
  /// store.
  virtual async::Task<Status> keep_keys(LoginRecord /*record*/, ScramKeys /*keys*/) {
    co_return Status();
  }
  /// Notes that an app password was used now. It is stored about once an hour. Errors: those of the
  /// store.
  virtual async::Task<Status> note_use(AccountId /*account*/, std::uint64_t /*app_password*/) {
    co_return Status();
  }
};

}  // namespace posthorn::auth
