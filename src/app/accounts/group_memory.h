#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/lru.h"
#include "base/mutex.h"

namespace posthorn::app {

/// The groups that directories have told of accounts when they were last asked. Thread: any.
class GroupMemory {
 public:
  using Groups = std::shared_ptr<const std::vector<std::string>>;
  static constexpr std::size_t kMostAccounts = 100'000;

  /// `groups` are sorted.
  void put(std::string_view account, const std::vector<std::string>& groups) {
    const MutexLock lock(mutex_);
    if (groups.empty()) return groups_.erase(account);
    Groups& known = groups_.at(account);
    if (!known || *known != groups)
      known = std::make_shared<const std::vector<std::string>>(groups);
  }
  void forget(std::string_view account) {
    const MutexLock lock(mutex_);
    groups_.erase(account);
  }
  /// Null: none.
  [[nodiscard]] Groups find(std::string_view account) {
    const MutexLock lock(mutex_);
    const Groups* const known = groups_.find(account);
    return known != nullptr ? *known : nullptr;
  }

 private:
  Mutex mutex_;
  auth::LruMap<Groups> groups_ POSTHORN_GUARDED_BY(mutex_){kMostAccounts};
};

}  // namespace posthorn::app
