#include "store/change/watch_list.h"

#include <algorithm>
#include <set>

namespace posthorn::store {

struct WatchList::Listener {
  std::vector<MailboxId> mailboxes;
  std::function<void()> wake;
  std::size_t index = 0;  ///< Position in LoopListeners::listeners.

  [[nodiscard]] bool wants(const std::set<MailboxId>& touched) const {
    return mailboxes.empty() ||
           std::ranges::any_of(mailboxes, [&](MailboxId id) { return touched.contains(id); });
  }
};

struct WatchList::LoopListeners : std::enable_shared_from_this<LoopListeners> {
  explicit LoopListeners(async::Loop& on) : loop(on) {}

  async::Loop& loop;
  std::vector<std::shared_ptr<Listener>> listeners;  // Used by the loop's thread only.

  Mutex mutex;
  std::set<MailboxId> touched POSTHORN_GUARDED_BY(mutex);
  bool posted POSTHORN_GUARDED_BY(mutex) = false;

  void tell(std::span<const MailboxId> ids) {
    {
      const MutexLock lock(mutex);
      touched.insert(ids.begin(), ids.end());
      if (std::exchange(posted, true)) return;
    }
    loop.post([self = shared_from_this()] { self->wake_all(); });
  }

  void wake_all() {
    std::set<MailboxId> ids;
    {
      const MutexLock lock(mutex);
      ids.swap(touched);
      posted = false;
    }
    std::vector<std::weak_ptr<Listener>> due;
    for (const auto& listener : listeners)
      if (listener->wants(ids)) due.emplace_back(listener);
    wake_some(std::move(due));
  }

  /// Wakes a limited number, then lets other work on this loop run.
  void wake_some(std::vector<std::weak_ptr<Listener>> due) {
    constexpr std::size_t kAtOnce = 64;
    for (std::size_t n = 0; n < kAtOnce && !due.empty(); ++n) {
      if (const auto listener = due.back().lock()) listener->wake();
      due.pop_back();
    }
    if (!due.empty())
      loop.post([self = shared_from_this(), rest = std::move(due)]() mutable {
        self->wake_some(std::move(rest));
      });
  }
};

class WatchList::Handle final : public Account::Watch {
 public:
  Handle(std::shared_ptr<LoopListeners> list, std::shared_ptr<Listener> listener)
      : list_(std::move(list)), listener_(std::move(listener)) {}
  ~Handle() override {
    auto& all = list_->listeners;
    const std::size_t at = listener_->index;
    all[at] = std::move(all.back());
    all[at]->index = at;
    all.pop_back();
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

 private:
  std::shared_ptr<LoopListeners> list_;
  std::shared_ptr<Listener> listener_;
};

std::unique_ptr<Account::Watch> WatchList::add(std::vector<MailboxId> mailboxes,
                                               std::function<void()> wake) {
  async::Loop& loop = *async::Loop::current();
  std::shared_ptr<LoopListeners> list;
  {
    const MutexLock lock(mutex_);
    const auto it = std::ranges::find_if(loops_, [&](const auto& l) { return &l->loop == &loop; });
    list = it != loops_.end() ? *it : loops_.emplace_back(std::make_shared<LoopListeners>(loop));
  }
  auto listener =
      std::make_shared<Listener>(std::move(mailboxes), std::move(wake), list->listeners.size());
  list->listeners.push_back(listener);
  return std::make_unique<Handle>(std::move(list), std::move(listener));
}

void WatchList::notify(std::span<const MailboxId> touched) {
  const MutexLock lock(mutex_);
  for (const auto& list : loops_) list->tell(touched);
}

bool WatchList::empty() {
  const MutexLock lock(mutex_);
  return loops_.empty();
}

}  // namespace posthorn::store
