#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "async/gate.h"
#include "async/loop.h"
#include "async/offload.h"
#include "async/shares.h"
#include "async/turns.h"
#include "base/bytes.h"
#include "base/mutex.h"
#include "base/shared_value.h"
#include "store/change/watch_list.h"
#include "store/discarded.h"
#include "store/format/group_page.h"
#include "store/nodes/node_list.h"
#include "store/nodes/page_numbers.h"
#include "store/read/account_item.h"
#include "store/read/lru_cache.h"
#include "store/read/record_cache.h"
#include "store/removed/removed_mailboxes.h"
#include "store/retention.h"
#include "store/store.h"
#include "store/upkeep/attachments.h"
#include "store/upkeep/damage_log.h"
#include "store/value/email.h"

namespace posthorn::store {

/// The accounts whose home is one loop. They are opened and closed on that loop only, but can be
/// found from any thread, so that using an open account does not require a switch to its home loop.
struct HomeShard {
  struct Opening {
    std::vector<std::coroutine_handle<>> waiting;
  };
  Mutex open_mutex;
  std::unordered_map<AccountId, AccountPtr> open POSTHORN_GUARDED_BY(open_mutex);
  std::unordered_map<AccountId, std::shared_ptr<Opening>> opening;
  async::Gate background;

  /// Thread: the loop's.
  void close(const AccountId& id) {
    const MutexLock lock(open_mutex);
    open.erase(id);
  }
  [[nodiscard]] AccountPtr find(const AccountId& id) {
    const MutexLock lock(open_mutex);
    const auto it = open.find(id);
    return it == open.end() ? nullptr : it->second;
  }
};

struct Store::State {
  static constexpr std::size_t kBackgroundJobs = 100'000;

  State(engine::Engine& engine, async::LoopPool& loops, async::OffloadPool& offload,
        const Clock& clock, const StoreOptions& options);

  engine::Engine& engine;
  async::LoopPool& loops;
  async::OffloadPool& offload;
  async::Shares long_work;
  const Clock& clock;
  const StoreOptions options;
  SharedValue<StorePolicy> policy;
  std::string key;  ///< 32 random octets of this store, from which all its other keys are derived.

  PageNumbers page_numbers;
  const std::uint64_t node;  ///< See Store::node().
  NodeList nodes;

  CacheBudget cached_mail;
  LruCache<AccountItem, GroupPage> pages;
  RecordCache records;
  LruCache<engine::PieceName, std::string> pieces;
  CacheBudget cached_directory;
  /// Existing entries of the directory (absence is not cached). A writer erases the entry here when
  /// its change is durable; what other processes change is erased by the engine's bells.
  LruCache<std::string, AddressEntry> addresses;
  LruCache<AccountId, AccountProfile> profiles;
  /// By grantee; also that there are none.
  LruCache<std::string, std::vector<AccountId>> sharers;
  async::Turns share_edits;
  const std::shared_ptr<WatchList> share_watches = std::make_shared<WatchList>();
  async::Turns profile_edits;  ///< An edit reads the profile and writes it: one after another.

  DamageLog damage;
  /// What all uploads keep in memory, and the messages that are not committed yet.
  const std::shared_ptr<std::atomic<std::size_t>> upload_octets =
      std::make_shared<std::atomic<std::size_t>>(0);

  Discarded discarded;
  std::atomic<std::uint32_t> kept_factor{kDefaultKeptFactor};
  std::atomic<std::uint64_t> kept_floor{kDefaultKeptFloor};

  std::vector<std::unique_ptr<HomeShard>> shards;  ///< One per loop.
  std::atomic<bool> closing{false};
  SharedValue<std::function<void(const AccountId&)>> outbox_listener;

  SharedValue<RetentionPolicy> retention{std::make_shared<const RetentionPolicy>()};
  std::atomic<bool> low_on_space{false};  ///< See low_space.h.

  /// One thread of low priority, for long work that nobody waits for: search filters. Its jobs are
  /// done before the rest of this object goes.
  async::OffloadPool background{1, kBackgroundJobs};
  /// Null where attachments are not searched.
  SharedValue<AttachmentSearch> attachments;

  RemovedMailboxes removed_mailboxes;

  /// Forgets what a commit has made outdated, and lets an open account follow it. The engine's
  /// listener.
  /// Thread: any.
  void hear(const engine::Bell& bell);

  /// For the log. Includes the account's name if it is in memory.
  [[nodiscard]] DamageLog::Place place_of(const AccountId& account, const Mailbox& mailbox) {
    const auto owner = profiles.find(account);
    return {account, owner ? owner->name : "", mailbox.id, mailbox.name};
  }
  [[nodiscard]] std::size_t home_of(const AccountId& id) const {
    return std::hash<AccountId>{}(id) % loops.size();
  }
};

}  // namespace posthorn::store
