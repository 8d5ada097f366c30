#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/ids.h"
#include "base/mutex.h"
#include "base/shared_value.h"

namespace posthorn::store {

class RemovedMailbox;

/// What a store keeps in memory of its accounts' mailboxes of removed messages: those that somebody
/// has asked for, which take at most 3 MB each. If there are more than `kMost`, the one asked for
/// longest ago is forgotten, and computed again when it is needed.
/// Thread: any.
class RemovedMailboxes {
 public:
  static constexpr std::size_t kMost = 100;

  RemovedMailboxes();
  ~RemovedMailboxes();

  /// Returns that of one account, which is made if necessary.
  std::shared_ptr<RemovedMailbox> of(const AccountId& account);
  /// Returns that of one account; null if nobody has asked for it.
  std::shared_ptr<RemovedMailbox> find(const AccountId& account);

  /// The name under which users see them; null: they do not.
  SharedValue<std::string> name;

 private:
  struct Kept {
    std::shared_ptr<RemovedMailbox> mailbox;
    std::uint64_t used = 0;
  };
  Mutex mutex_;
  std::uint64_t uses_ POSTHORN_GUARDED_BY(mutex_) = 0;
  std::unordered_map<AccountId, Kept> kept_ POSTHORN_GUARDED_BY(mutex_);
};

}  // namespace posthorn::store
