#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "async/task.h"
#include "auth/password/foreign_hash.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/result.h"
#include "store/store.h"

namespace posthorn::app {

/// Knows the accounts whose passwords SCRAM cannot check (service/scram_hint.h), and what checking
/// them costs: a name of no account must look like an account in this too. Such accounts become
/// fewer with time, and a name that was like one of them becomes like the others, once, as an
/// account does. Thread: any loop's.
class WithoutScram {
 public:
  /// `key` is a secret of this installation. `store` must outlive this object.
  WithoutScram(store::Store& store, std::string key) : store_(store), key_(std::move(key)) {}

  /// Reads the list in the store, and mends what is wrong in it. Errors: those of the store.
  async::Task<Status> load();
  /// Notes an account that has changed. What cannot be read is logged.
  async::Task<void> refresh(AccountId account);
  void forget(const AccountId& account);

  [[nodiscard]] bool any() const;
  /// Returns the hash of some account, if a name of no account is to look as if it had one.
  [[nodiscard]] std::optional<auth::ForeignHash> decoy_for(std::string_view name) const;

 private:
  /// Accounts with hashes of one cost.
  struct Kind {
    std::size_t accounts = 0;
    auth::ForeignHash example;
  };
  void add(const AccountId& account, std::optional<auth::ForeignHash> hash);
  void remove(const AccountId& account) POSTHORN_REQUIRES(mutex_);
  /// Counts all accounts, if their number was last counted when others were in the list.
  async::Task<Status> count_accounts();

  store::Store& store_;
  const std::string key_;
  mutable Mutex mutex_;
  /// The cost of each account's hash; empty if it has none and is here for its login rules.
  std::unordered_map<AccountId, std::string> accounts_ POSTHORN_GUARDED_BY(mutex_);
  std::map<std::string, Kind> kinds_ POSTHORN_GUARDED_BY(mutex_);  ///< By cost.
  std::size_t with_hash_ POSTHORN_GUARDED_BY(mutex_) = 0;
  std::size_t all_ POSTHORN_GUARDED_BY(mutex_) = 0;         ///< Accounts in the store.
  std::size_t counted_at_ POSTHORN_GUARDED_BY(mutex_) = 0;  ///< with_hash_ at that time.
};

}  // namespace posthorn::app
