#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "async/loop.h"
#include "base/ids.h"
#include "store/account.h"

namespace posthorn::store {

/// Who wants to hear of an account's published changes: per loop, so that a publication costs one
/// message a loop however many sessions listen there.
class WatchList : public std::enable_shared_from_this<WatchList> {
 public:
  /// Thread: a loop's; the watch stays there.
  std::unique_ptr<Account::Watch> add(std::vector<MailboxId> mailboxes, std::function<void()> wake);
  /// Thread: any.
  void notify(std::span<const MailboxId> touched);
  /// Whether anybody listens. Thread: any.
  [[nodiscard]] bool empty();

 private:
  struct Listener;
  struct LoopListeners;
  class Handle;

  std::mutex mutex_;
  std::vector<std::shared_ptr<LoopListeners>> loops_;
};

}  // namespace posthorn::store
