#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "auth/directory.h"
#include "base/result.h"
#include "base/shared_value.h"
#include "store/store.h"

namespace posthorn::app {

struct AccountsOptions {
  /// Domains to append, in order, to a name without '@' that is not found as it is.
  std::vector<std::string> domains = {};
  /// For trials only: every name exists, with this password. Its account is created when the name
  /// is first used.
  std::optional<std::string> any_user = {};
  /// Called when the password of an account that SCRAM could not serve got keys.
  std::function<void(const AccountId&)> on_keys = {};
};

/// Maps names to accounts, for login and delivery. Thread: any loop's.
class Accounts final : public auth::Directory {
 public:
  /// `store` must outlive this object.
  Accounts(store::Store& store, AccountsOptions options);

  /// Aliases cannot log in. Errors: also corrupt, if a record cannot be read.
  async::Task<Result<std::optional<auth::LoginRecord>>> find(std::string login) override;
  async::Task<Status> keep_keys(auth::LoginRecord record, auth::ScramKeys keys) override;
  async::Task<Status> note_use(AccountId account, std::uint64_t app_password) override;

  /// Maps an address to an account or the target of an alias. None if nobody has that address.
  async::Task<Result<std::optional<store::AddressEntry>>> find_recipient(std::string address);

  /// Returns the name that an account called `name` here would have: without '@', in the first
  /// domain. Thread: any.
  [[nodiscard]] std::string whole_name(std::string_view name) const;

  /// Sets the domains for look-ups from now on. Thread: any.
  void set_domains(std::vector<std::string> domains);

 private:
  async::Task<Result<std::optional<store::AddressEntry>>> look_up(std::string name);

  store::Store& store_;
  const AccountsOptions options_;
  SharedValue<std::vector<std::string>> domains_;
  std::string any_user_credentials_;
};

}  // namespace posthorn::app
