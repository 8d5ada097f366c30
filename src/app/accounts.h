#pragma once

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
  /// A name without '@' is also looked for in these, in order.
  std::vector<std::string> domains = {};
  /// For trials only: every name exists, with this password; its account is made when first met.
  std::optional<std::string> any_user = {};
};

/// Names to accounts, for logins and for delivery. Thread: any loop's.
class Accounts final : public auth::Directory {
 public:
  /// `store` must outlive it.
  Accounts(store::Store& store, AccountsOptions options);

  /// An alias does not log in. A record that cannot be read is `corrupt`.
  async::Task<Result<std::optional<auth::LoginRecord>>> find(std::string login) override;

  /// Where mail for an address goes: accounts and aliases. None when nobody has that address.
  async::Task<Result<std::optional<store::AddressEntry>>> find_recipient(std::string address);

  /// For names looked up from now on. Thread: any.
  void set_domains(std::vector<std::string> domains);

 private:
  async::Task<Result<std::optional<store::AddressEntry>>> look_up(std::string name);

  store::Store& store_;
  const AccountsOptions options_;
  SharedValue<std::vector<std::string>> domains_;
  std::string any_user_credentials_;
};

}  // namespace posthorn::app
