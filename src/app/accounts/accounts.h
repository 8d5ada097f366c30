#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/accounts/account_finder.h"
#include "app/accounts/group_memory.h"
#include "async/task.h"
#include "auth/directory.h"
#include "base/result.h"
#include "base/shared_value.h"
#include "directory/chain.h"
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
  /// Called when the directory of an account says that its user is disabled or no longer there, so
  /// that sessions are ended.
  std::function<void(const AccountId&)> on_lost = {};
};

/// Maps names to accounts, for login and delivery. Users of directories get their accounts here, at
/// their first login or when mail for them first comes. Thread: any loop's.
class Accounts final : public auth::Directory {
 public:
  /// `store` must outlive this object.
  Accounts(store::Store& store, AccountsOptions options, directory::Chain chain = {});

  /// Aliases and teams cannot log in. Errors: also corrupt, if a record cannot be read.
  async::Task<Result<std::optional<auth::LoginRecord>>> find(std::string login) override;
  async::Task<Result<std::optional<auth::LoginRecord>>> find_recent(std::string login) override;
  async::Task<Result<bool>> verify(auth::LoginRecord record,
                                   std::shared_ptr<const auth::Secret> password) override;
  async::Task<bool> take_as_long(std::string login) override;
  async::Task<Result<auth::LoginRecord>> admit(auth::LoginRecord record) override;
  async::Task<Status> keep_keys(auth::LoginRecord record, auth::ScramKeys keys) override;
  async::Task<Status> note_use(AccountId account, std::uint64_t app_password) override;

  /// Maps an address to an account or the targets of an alias. None if nobody has that address.
  async::Task<Result<std::optional<store::AddressEntry>>> find_recipient(std::string address);

  /// Drops what is remembered of a name, and asks the directories again: sessions of somebody who
  /// is disabled or gone are ended. Returns the account. Errors: those of asking; bad_argument if
  /// there are no directories.
  async::Task<Result<std::optional<AccountId>>> forget(std::string name);
  /// Asks the directories about an account's user, unless they have said something within the
  /// directory's cache_time: sessions of somebody who is disabled or gone are ended. While they
  /// cannot be asked, nothing happens.
  async::Task<void> look_again(std::string name);
  /// Returns whether the mail of a domain, in lower case, is kept here because a directory has its
  /// users.
  async::Task<Result<bool>> has_domain(std::string domain) {
    return finder_.has_domain(std::move(domain));
  }
  /// Returns the hash of some user of a directory that would be asked for this name; none if there
  /// is none.
  [[nodiscard]] std::optional<auth::ForeignHash> decoy_for(std::string_view login) const;

  [[nodiscard]] const directory::Chain& chain() const { return chain_; }
  [[nodiscard]] bool has_directories() const { return !chain_.sources.empty(); }
  /// How often the users of sessions are to be looked at again: once a minute, or more often if
  /// what a directory says is remembered for less.
  [[nodiscard]] std::chrono::seconds look_again_after() const;
  [[nodiscard]] std::shared_ptr<GroupMemory> groups() const { return groups_; }

  /// Returns the name that an account called `name` here would have: without '@', in the first
  /// domain. Thread: any.
  [[nodiscard]] std::string whole_name(std::string_view name) const;

  /// Sets the domains for look-ups from now on. Thread: any.
  void set_domains(std::vector<std::string> domains);

 private:
  using Record = std::optional<auth::LoginRecord>;
  using Entry = std::optional<store::AddressEntry>;

  /// The names to look for, in order.
  [[nodiscard]] std::vector<std::string> candidates(std::string_view name) const;
  async::Task<Result<std::optional<Found>>> find_first(std::string name, directory::Age age,
                                                       AccountFinder::What what);
  async::Task<Result<Entry>> make_any(std::string name);
  async::Task<Result<Record>> record_of(Found found);
  static void add_person(const Found& found, auth::LoginRecord& record);
  async::Task<Result<Entry>> entry_of(Found found);
  async::Task<Result<Entry>> entry_of_alias(Found alias);
  async::Task<Result<AccountId>> make_account(const Found& found);
  async::Task<void> take_over(AccountId account, directory::EntryPtr person);
  async::Task<void> note_lost(std::string name);

  store::Store& store_;
  const AccountsOptions options_;
  directory::Chain chain_;
  SharedValue<std::vector<std::string>> domains_;
  AccountFinder finder_;
  const std::shared_ptr<GroupMemory> groups_ = std::make_shared<GroupMemory>();
  std::string any_user_credentials_;
};

}  // namespace posthorn::app
