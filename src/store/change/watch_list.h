#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "async/loop.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "store/account.h"

namespace posthorn::store {

/// The watchers of an account's published changes, grouped by loop, so that a publication costs one
/// message per loop however many sessions watch there.
class WatchList : public std::enable_shared_from_this<WatchList> {
 public:
  /// The watch belongs to the calling loop and must be destroyed there.
  /// Thread: a loop's.
  std::unique_ptr<Account::Watch> add(std::vector<MailboxId> mailboxes, std::function<void()> wake);
  /// Thread: any.
  void notify(std::span<const MailboxId> touched);
  /// Returns true if there are no watchers.
  /// Thread: any.
  [[nodiscard]] bool empty();

 private:
  struct Listener;
  struct LoopListeners;
  class Handle;

  Mutex mutex_;
  std::vector<std::shared_ptr<LoopListeners>> loops_ POSTHORN_GUARDED_BY(mutex_);
};

}  // namespace posthorn::store
