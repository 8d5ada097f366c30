#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "auth/credentials.h"
#include "auth/rules/login_rules.h"
#include "auth/secret.h"
#include "base/ids.h"
#include "base/result.h"

namespace posthorn::auth {

enum class AccountState : std::uint8_t { active, disabled };

/// What a directory outside of the store (an LDAP server, a database) knows of somebody who logs
/// in. The implementation of Directory derives from it.
struct Outside {
  virtual ~Outside() = default;
  /// Directory::verify() judges passwords; otherwise they are checked against the record.
  bool checks_password = false;
  /// How long a right password may be remembered.
  std::chrono::seconds remember_for{};
};

/// The data of an account that a login needs.
struct LoginRecord {
  AccountId account;  ///< All zeros before the first login of a user of an outside directory.
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
  /// Null: the password, if there is any, is the store's own.
  std::shared_ptr<const Outside> outside = {};

  [[nodiscard]] bool takes_main_password(Protocol protocol) const {
    return !rules || rules->takes_main_password(protocol);
  }
};

/// Finds accounts by the name a client logs in with, and checks the passwords that are not in the
/// store. Thread: any loop's.
class Directory {
 public:
  virtual ~Directory() = default;
  /// `login` is prepared UTF-8 of 1 to 255 octets. The directory handles case and aliases. Returns
  /// none if there is no such account. Directories outside of the store are asked each time.
  /// Errors: unavailable (also while a directory that may know the name cannot be asked), io,
  /// corrupt.
  virtual async::Task<Result<std::optional<LoginRecord>>> find(std::string login) = 0;
  /// The same, but from what an outside directory answered a short time ago. None if nothing is
  /// remembered, or if the account is not from such a directory. Good for somebody whose password
  /// was right then, and for nothing else: it is quicker for names that exist.
  virtual async::Task<Result<std::optional<LoginRecord>>> find_recent(std::string /*login*/) {
    co_return std::nullopt;
  }

  /// Checks the password of somebody whose record says that the directory does. Errors:
  /// unavailable, which says nothing about the password.
  virtual async::Task<Result<bool>> verify(LoginRecord /*record*/,
                                           std::shared_ptr<const Secret> /*password*/) {
    co_return fail(ErrorKind::server_bug, "There is no directory that checks passwords");
  }
  /// Takes about as long as verify() for a name that nobody has, if a directory checks the
  /// passwords of users of such a name. Otherwise returns false, at once.
  virtual async::Task<bool> take_as_long(std::string /*login*/) { co_return false; }
  /// Creates the account of somebody who has just shown who he is, if there is none yet. Returns
  /// the record with the account. Errors: unavailable, and those of the store.
  virtual async::Task<Result<LoginRecord>> admit(LoginRecord record) {
    co_return std::move(record);
  }

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
