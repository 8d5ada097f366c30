#include "store/removed/removed_mailbox.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "async/offload.h"
#include "store/format/keys.h"
#include "store/removed/removal_view.h"
#include "store/store_state.h"
#include "store/upkeep/damage_log.h"

namespace posthorn::store {
namespace {

using async::Task;

constexpr int kMostAttempts = 20;
/// How often the numbers are saved, so that they are not older than the log.
constexpr std::int64_t kSaveEvery = 3600;

/// The name under which the mailbox is shown; null if it is not.
std::shared_ptr<const std::string> name_in(const Account& account, const AccountState& state) {
  auto name = account.store().state().removed_mailboxes.name.load();
  if (!name || name->empty() || state.names->contains(*name)) return nullptr;
  return name;
}

/// What was removed before this time is not shown.
std::int64_t cutoff(const Store& store) {
  return store.clock().now().seconds - store.policy().content_seconds;
}

/// The mailboxes whose contents are not in memory, except for those in `unreadable`.
std::vector<MailboxId> not_loaded(const AccountState& state,
                                  const std::set<MailboxId>& unreadable) {
  std::vector<MailboxId> missing;
  for (const auto& [id, mailbox] : state.mailboxes)
    if (!mailbox->contents && mailbox->head.messages > 0 && !unreadable.contains(id))
      missing.push_back(id);
  return missing;
}

/// What cannot be read is added to `unreadable`, and logged: whether a mailbox has a message that
/// was removed from another one is then unknown.
Task<Status> load_all(AccountPtr account, std::vector<MailboxId> mailboxes,
                      std::set<MailboxId>& unreadable) {
  for (const MailboxId id : mailboxes) {
    const auto loaded = co_await account->load(id);
    if (loaded || loaded.error().kind == ErrorKind::not_found) continue;
    if (!is_damage(loaded.error().kind)) co_return std::unexpected(loaded.error());
    unreadable.insert(id);
  }
  co_return Status();
}

}  // namespace

void show_removed_mailboxes(Store& store, std::string name) {
  store.state().removed_mailboxes.name.store(std::make_shared<const std::string>(std::move(name)));
}

RemovedMailbox::RemovedMailbox() = default;
RemovedMailbox::~RemovedMailbox() = default;

std::shared_ptr<RemovedMailbox> RemovedMailbox::of(const Account& account) {
  return account.store().state().removed_mailboxes.of(account.id());
}

MailboxPtr RemovedMailbox::published(const Account& account) const {
  const StatePtr state = account.published();
  const auto name = name_in(account, *state);
  if (!name) return nullptr;
  const ViewPtr view = view_.load();
  if (!view) return std::make_shared<const Mailbox>(Builder::empty(*state, {}, *name));
  if (view->numbers.seq == state->seq && view->mailbox->name == *name &&
      view->oldest >= cutoff(account.store()))
    return view->mailbox;
  return std::make_shared<const Mailbox>(Builder::empty(*state, view->numbers, *name));
}

Task<Result<MailboxPtr>> RemovedMailbox::load(AccountPtr account) {
  async::Loop* const caller = async::Loop::current();
  const auto turn = co_await builds_.take();
  auto built = co_await build(std::move(account));
  if (caller != nullptr) co_await caller->enter();
  co_return built;
}

/// Requires: the caller's turn.
Task<Result<MailboxPtr>> RemovedMailbox::build(AccountPtr account) {
  Store& store = account->store();
  engine::Engine& engine = store.engine();
  const AccountId id = account->id();
  const ViewPtr before = view_.load();
  ViewPtr known = before;
  std::set<MailboxId> unreadable;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    const StatePtr state = account->published();
    const auto name = name_in(*account, *state);
    if (!name) co_return fail(ErrorKind::not_found, "No such mailbox");
    const auto horizon = co_await Builder::read_horizon(engine, id, state->floor);
    if (!horizon) co_return std::unexpected(horizon.error());
    const std::int64_t oldest = cutoff(store);
    if (before && before->numbers.seq == state->seq && before->mailbox->name == *name &&
        before->oldest >= oldest && before->content_horizon == horizon->content)
      co_return before->mailbox;
    const std::int64_t now = store.clock().now().seconds;
    auto read = co_await async::off_loop(
        store.offload(), Builder::read(engine, id, known.get(), *horizon, state->seq, now));
    if (!read) co_return pass(read);
    const auto again = co_await Builder::read_horizon(engine, id, state->floor);
    if (!again) co_return std::unexpected(again.error());
    if (*again != *horizon) continue;
    auto view = std::make_shared<View>(std::move(*read));
    const auto missing =
        view->entries.empty() ? std::vector<MailboxId>() : not_loaded(*state, unreadable);
    if (!missing.empty()) {
      known = std::move(view);
      if (Status loaded = co_await load_all(account, missing, unreadable); !loaded)
        co_return pass(loaded);
      continue;
    }
    co_await async::offload(store.offload(),
                            [&] { Builder(*view, before.get(), *state).show(*name, oldest); });
    if (now < view->saved || now >= view->saved + kSaveEvery) {
      view->saved = now;
      engine.hint(id, {{keys::removal_numbers(), encode_removal_numbers(view->numbers)}});
    }
    view_.store(view);
    co_return view->mailbox;
  }
  co_return fail(ErrorKind::unavailable,
                 "The account is being changed by other sessions; please try again");
}

// Whoever lists mailboxes asks this, so it leaves nothing in memory.
MailboxPtr published_removed(const Account& account) {
  RemovedMailboxes& all = account.store().state().removed_mailboxes;
  const auto name = all.name.load();
  if (!name || name->empty()) return nullptr;
  if (const auto removed = all.find(account.id())) return removed->published(account);
  return RemovedMailbox().published(account);
}

Task<Result<MailboxPtr>> load_removed(AccountPtr account) {
  const auto removed = RemovedMailbox::of(*account);
  co_return co_await removed->load(std::move(account));
}

RemovedMailboxes::RemovedMailboxes() = default;
RemovedMailboxes::~RemovedMailboxes() = default;

std::shared_ptr<RemovedMailbox> RemovedMailboxes::find(const AccountId& account) {
  const MutexLock lock(mutex_);
  const auto it = kept_.find(account);
  if (it == kept_.end()) return nullptr;
  it->second.used = ++uses_;
  return it->second.mailbox;
}

std::shared_ptr<RemovedMailbox> RemovedMailboxes::of(const AccountId& account) {
  const MutexLock lock(mutex_);
  Kept& kept = kept_[account];
  kept.used = ++uses_;
  if (!kept.mailbox) {
    kept.mailbox = std::make_shared<RemovedMailbox>();
    if (kept_.size() > kMost)
      kept_.erase(
          std::ranges::min_element(kept_, {}, [](const auto& entry) { return entry.second.used; }));
  }
  return kept_.at(account).mailbox;
}

}  // namespace posthorn::store
