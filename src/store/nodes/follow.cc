#include <algorithm>
#include <utility>

#include "async/offload.h"
#include "base/log.h"
#include "store/account.h"
#include "store/change/pipeline.h"
#include "store/change/watch_list.h"
#include "store/format/system.h"
#include "store/nodes/known_contents.h"
#include "store/read/email_catalog.h"
#include "store/read/load.h"
#include "store/read/object_ids.h"
#include "store/store_state.h"

// How an open account, and what the store remembers of others, follow the commits of other
// processes.
namespace posthorn::store {

// Runs for every commit of this process too, on the engine's thread. Those are recognised by their
// revision, which was noted before they were given to the engine.
void Store::State::hear(const engine::Bell& bell) {
  if (bell.missed) {
    addresses.clear();
    profiles.clear();
    sharers.clear();
    for (const auto& shard : shards) {
      const MutexLock lock(shard->open_mutex);
      for (const auto& [id, account] : shard->open) account->look_again();
    }
    return;
  }
  if (is_account_partition(bell.partition)) {
    HomeShard& shard = *shards[home_of(bell.partition)];
    const MutexLock lock(shard.open_mutex);
    const auto it = shard.open.find(bell.partition);
    if (it != shard.open.end()) {
      it->second->follow(bell.version);
    } else {
      profiles.erase(bell.partition);
    }
    return;
  }
  // Addresses and shares change rarely. Which of them did, the bell does not say.
  if (is_directory_partition(bell.partition)) addresses.clear();
  if (is_share_partition(bell.partition)) sharers.clear();
}

void Account::follow(const engine::PartitionVersion& version) {
  // If a commit of ours was given that would make this revision or a later one, then either this is
  // ours, or ours will be a conflict.
  if (version.revision > given_.load()) look_again();
}

void Account::look_again() {
  if (looking_.exchange(true)) return;
  home_.post([self = shared_from_this()] {
    if (self->store_.state().closing.load()) return;
    HomeShard& shard = *self->store_.state().shards[self->store_.state().home_of(self->id_)];
    shard.background.spawn(look(self));
  });
}

async::Task<void> Account::look(AccountPtr account) {
  // First, so that what comes from now on is not passed over.
  account->looking_.store(false);
  // Without the lock, as long as there is nothing new: where the version comes over a network, it
  // may not come for 20 s, and changes would have to wait for that.
  Status moved;
  if (account->store_.engine().is_shared()) {
    moved = co_await account->be_current();
  } else if (auto reloaded = co_await account->reload_at_home(Reload::if_moved); !reloaded) {
    moved = pass(reloaded);
  }
  if (!moved && moved.error().kind != ErrorKind::not_found)
    log::warning("account {}: what another process changed cannot be read yet: {}",
                 to_hex(account->id_), moved.error().text);
}

// The published state may be that of a later version: a commit of this process was answered in the
// meantime. One that is under way may already be in the version that was read. Then, reloading
// waits for its answer, which is the state looked for if nobody else has committed.
async::Task<Status> Account::be_current() {
  if (!store_.engine().is_shared()) co_return Status{};
  const AccountPtr self = shared_from_this();
  auto now = co_await store_.engine().version(id_);
  if (!now) co_return pass(now);
  if (now->revision <= published()->version.revision) co_return Status{};
  async::Loop* const caller = async::Loop::current();
  co_await home_.enter();
  auto moved = co_await reload_at_home(Reload::if_moved);
  if (caller != nullptr) co_await caller->enter();
  co_return moved ? Status() : pass(moved);
}

namespace {

/// The mailboxes that exist in one of the two.
std::vector<MailboxId> all_of(const AccountState& a, const AccountState& b) {
  std::vector<MailboxId> all;
  for (const auto& [id, mailbox] : a.mailboxes) all.push_back(id);
  for (const auto& [id, mailbox] : b.mailboxes)
    if (!a.find(id)) all.push_back(id);
  return all;
}

}  // namespace

async::Task<Result<bool>> Account::reload_at_home(Reload how) {
  engine::Engine& engine = store_.engine();
  co_await pipeline_->lock();
  co_await pipeline_->drained();
  if (how == Reload::if_moved) {
    const auto now = co_await engine.version(id_);
    if (!now || now->revision == published()->version.revision) {
      pipeline_->unlock();
      co_return now ? Result<bool>(false) : std::unexpected(now.error());
    }
  }
  auto loaded = co_await async::off_loop(store_.offload(), load_account(engine, id_));
  if (loaded && how == Reload::if_moved)
    loaded->state = co_await async::off_loop(
        store_.offload(), with_known_contents(engine, id_, loaded->state, published()));
  if (loaded) {
    if (loaded->foreign) object_ids_->note_foreign();
    replace_state(loaded->state);
  } else if (loaded.error().kind == ErrorKind::not_found) {
    // Another process has removed it. Who uses it will find out when changing something.
    store_.state().profiles.erase(id_);
    store_.state().shards[store_.state().home_of(id_)]->close(id_);
  }
  pipeline_->unlock();
  if (!loaded) co_return pass(loaded);
  co_return true;
}

// Whatever is known besides the state was known of the one before. Watchers of all mailboxes are
// woken, since any of them may differ.
void Account::replace_state(const StatePtr& state) {
  const StatePtr before = published();
  const std::vector<MailboxId> touched = all_of(*state, *before);
  ++reloads_;
  given_.store(state->version.revision);
  pipeline_->working = state;
  pipeline_->listed = false;
  if (state->version.layout != before->version.layout) pipeline_->filters_complete = false;
  note_long_tails(*state, touched);
  emails_->forget();
  emails_->filters().forget();
  emails_->texts().forget();
  store_.state().profiles.erase(id_);
  published_.store(state);
  watches_->notify(touched);
  if (!state->outbox->empty()) store_.tell_outbox(id_);
}

}  // namespace posthorn::store
