#include "store/discarded.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "async/offload.h"
#include "base/log.h"
#include "store/read/removed.h"
#include "store/store_state.h"
#include "store/upkeep/expiry.h"

namespace posthorn::store {
namespace {

using async::Task;

constexpr std::int64_t kHour = 3600;

/// Unlimited if there is no quota or no bound.
std::uint64_t bound_of(Store& store, const AccountState& account) {
  const std::uint64_t quota = account.counters.quota.max_bytes;
  const std::uint64_t factor = store.state().kept_factor.load();
  if (quota == 0 || factor == 0) return UINT64_MAX;
  const std::uint64_t most = quota > UINT64_MAX / factor ? UINT64_MAX : quota * factor;
  return std::max(most, store.state().kept_floor.load());
}

/// Takes those out that are in a mailbox still or again. Errors: those of loading.
Task<Status> spare_what_exists(AccountPtr account, std::vector<Removal>& removals) {
  std::unordered_set<Ordinal> gone;
  for (const Removal& removal : removals) gone.insert(removal.row.member.ordinal);
  std::vector<MailboxId> mailboxes;
  for (const auto& [id, mailbox] : account->published()->mailboxes) mailboxes.push_back(id);
  for (const MailboxId id : mailboxes) {
    auto mailbox = co_await account->load(id);
    if (!mailbox && mailbox.error().kind == ErrorKind::not_found) continue;
    if (!mailbox) co_return pass(mailbox);
    const Members& members = (*mailbox)->contents->members();
    members.for_each(0, members.count(),
                     [&](std::uint32_t, const MemberLeaf& leaf, std::uint32_t k) {
                       gone.erase(Ordinal(leaf.ordinal[k]));
                     });
  }
  std::erase_if(removals,
                [&](const Removal& removal) { return !gone.contains(removal.row.member.ordinal); });
  co_return Status();
}

struct Cut {
  std::int64_t before = 0;  ///< What was removed earlier goes; 0: nothing does.
  std::uint64_t kept = 0;   ///< Octets of the rest.
};

/// `removals` are in the order of time.
Cut cut_at(const std::vector<Removal>& removals, std::uint64_t most, std::int64_t newest) {
  Cut cut;
  for (auto it = removals.rbegin(); it != removals.rend(); ++it) {
    if (cut.kept + it->row.member.size > most && it->time < newest) {
      cut.before = it->time + 1;
      break;
    }
    cut.kept += it->row.member.size;
  }
  return cut;
}

Task<Status> let_go(Store& store, AccountPtr account, std::uint64_t most) {
  const std::int64_t now = store.clock().now().seconds;
  const StorePolicy policy = store.policy();
  const std::int64_t newest = now - store.options().sweep_grace_seconds;
  const std::int64_t since = now - policy.content_seconds;
  Cut cut;
  auto removals = co_await async::off_loop(store.offload(),
                                           read_removals(store.engine(), account->id(), since));
  // So many in so short a time are no use to anybody.
  if (!removals && removals.error().kind == ErrorKind::limit) cut.before = newest;
  if (!removals && removals.error().kind != ErrorKind::limit) co_return pass(removals);
  if (removals) {
    Status spared = co_await spare_what_exists(account, removals->messages);
    if (!spared) co_return spared;
    cut = cut_at(removals->messages, most, newest);
  }
  store.state().discarded.set_kept(account->id(), cut.kept);
  if (cut.before <= since) co_return Status();
  Expiry::Bounds before;
  before.history = now - policy.horizon_seconds;
  before.content = std::max(before.history, cut.before);
  auto done = co_await Expiry::run(account, before);
  if (!done) co_return pass(done);
  if (*done == Expiry::Outcome::done)
    log::warning(
        "account {}: it has expunged more than is kept beyond its quota (quota.kept_factor), so "
        "the oldest of that can no longer be brought back",
        to_hex(account->id()));
  co_return Status();
}

}  // namespace

void Discarded::drop_old(Count& count, std::int64_t now) const {
  count.by_hour.erase(count.by_hour.begin(), count.by_hour.lower_bound((now - grace_) / kHour));
}

void Discarded::add(Count& count, std::int64_t now, std::uint64_t octets) {
  drop_old(count, now);
  count.by_hour[now / kHour] += octets;
}

void Discarded::written_ahead(const AccountId& account, std::int64_t now, std::uint64_t octets) {
  const MutexLock lock(mutex_);
  add(counts_[account], now, octets);
}

void Discarded::named(const AccountId& account, std::uint64_t octets) {
  const MutexLock lock(mutex_);
  const auto found = counts_.find(account);
  if (found == counts_.end()) return;
  auto& by_hour = found->second.by_hour;
  // It was written lately.
  while (octets > 0 && !by_hour.empty()) {
    const auto last = std::prev(by_hour.end());
    const std::uint64_t taken = std::min(octets, last->second);
    octets -= taken;
    last->second -= taken;
    if (last->second == 0) by_hour.erase(last);
  }
}

void Discarded::expunged(const AccountId& account, std::int64_t now, std::uint64_t octets) {
  if (octets == 0) return;
  const MutexLock lock(mutex_);
  Count& count = counts_[account];
  add(count, now, octets);
  count.kept += octets;
}

std::uint64_t Discarded::recent(const AccountId& account, std::int64_t now) {
  const MutexLock lock(mutex_);
  const auto found = counts_.find(account);
  if (found == counts_.end()) return 0;
  drop_old(found->second, now);
  std::uint64_t octets = 0;
  for (const auto& [hour, some] : found->second.by_hour) octets += some;
  return octets;
}

std::uint64_t Discarded::kept(const AccountId& account) {
  const MutexLock lock(mutex_);
  const auto found = counts_.find(account);
  return found == counts_.end() ? 0 : found->second.kept;
}

void Discarded::set_kept(const AccountId& account, std::uint64_t octets) {
  const MutexLock lock(mutex_);
  if (const auto found = counts_.find(account); found != counts_.end()) found->second.kept = octets;
}

std::vector<AccountId> Discarded::accounts() {
  const MutexLock lock(mutex_);
  std::vector<AccountId> accounts;
  for (const auto& [account, count] : counts_) accounts.push_back(account);
  return accounts;
}

void Discarded::trim(std::int64_t now) {
  const MutexLock lock(mutex_);
  for (auto it = counts_.begin(); it != counts_.end();) {
    drop_old(it->second, now);
    const bool empty = it->second.by_hour.empty() && it->second.kept == 0;
    it = empty ? counts_.erase(it) : std::next(it);
  }
}

void set_kept_factor(Store& store, std::uint32_t factor, std::uint64_t floor) {
  store.state().kept_factor.store(factor);
  store.state().kept_floor.store(floor);
}

Task<Status> may_discard_more(Store& store, AccountId id, std::uint64_t octets) {
  auto account = co_await store.account(id);
  if (!account) co_return pass(account);
  const StatePtr state = (*account)->published();
  const std::uint64_t bound = bound_of(store, *state);
  if (bound == UINT64_MAX) co_return Status();
  const std::uint64_t there =
      state->counters.bytes + store.state().discarded.recent(id, store.clock().now().seconds);
  if (there <= bound && octets <= bound - there) co_return Status();
  co_return fail(ErrorKind::unavailable,
                 "The account has stored and removed too much within a day; please try again "
                 "tomorrow");
}

Task<void> let_go_beyond_quota(Store& store) {
  Discarded& discarded = store.state().discarded;
  for (const AccountId& id : discarded.accounts()) {
    auto account = co_await store.account(id);
    if (!account) {
      // It was removed.
      discarded.set_kept(id, 0);
      continue;
    }
    const StatePtr state = (*account)->published();
    const std::uint64_t bound = bound_of(store, *state);
    // What is in the mailboxes counts too, but is never let go.
    const std::uint64_t most = bound - std::min(bound, state->counters.bytes);
    if (discarded.kept(id) <= most) continue;
    const Status done = co_await let_go(store, *account, most);
    if (!done)
      log::error("account {}: what it keeps beyond its quota cannot be let go: {}", to_hex(id),
                 done.error().text);
  }
  discarded.trim(store.clock().now().seconds);
}

}  // namespace posthorn::store
