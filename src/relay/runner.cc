#include "relay/runner.h"

#include <algorithm>
#include <limits>

#include "base/log.h"

namespace posthorn::relay {
namespace {

/// Number of accounts that are opened and scanned at the same time.
constexpr std::size_t kScans = 16;
/// Number of entries that are delivered locally or reported at the same time.
constexpr std::size_t kTogether = 64;
/// Wall clocks may be set, so the time is checked at least this often.
constexpr std::int64_t kLongestSleep = 30;
/// Delay after an error of the store.
constexpr std::int64_t kTrouble = 10;
/// The same where an entry cannot be claimed.
constexpr std::chrono::seconds kClaimAgain{2};
/// How long a server that stops may take to hand its work to others.
constexpr std::chrono::seconds kReleaseWithin{5};

}  // namespace

Runner::Runner(store::Store& store, async::Loop& loop, LocalDelivery& local, RelayOptions options)
    : store_(store),
      loop_(loop),
      connections_(store.offload()),
      means_{local, connections_, std::make_shared<const RelayOptions>(std::move(options))} {}

Runner::~Runner() = default;

std::int64_t Runner::now() const { return store_.clock().now().seconds; }

void Runner::start() {
  loop_.post([this] {
    store_.on_outbox([this](const AccountId& id) { loop_.post([this, id] { note(id); }); });
    gate_.spawn(find_accounts());
  });
}

void Runner::look_again() {
  loop_.post([this] {
    if (!means_.stopping) gate_.spawn(find_accounts());
  });
}

void Runner::set_options(RelayOptions options) {
  loop_.post([this, fresh = std::make_shared<const RelayOptions>(std::move(options))] {
    means_.options = fresh;
    connections_.forget_failure();
  });
}

async::Task<void> Runner::stop(std::chrono::milliseconds grace) {
  async::Loop* const home = async::Loop::current();
  co_await loop_.enter();
  means_.stopping = true;
  store_.on_outbox({});
  timer_.reset();
  {
    async::Timer patience;
    patience.set(grace, [this] { connections_.cut(); });
    co_await gate_.wait_empty();
  }
  co_await connections_.close(Connections::Which::all);
  if (store_.node() != 0) co_await release_claims(kReleaseWithin);
  if (home) co_await home->enter();
}

// Accounts that need a scan.

async::Task<void> Runner::find_accounts() {
  while (!means_.stopping) {
    auto found = co_await store_.accounts_with_outbox();
    if (found) {
      for (const AccountId& id : *found)
        if (store_.owns(id)) note(id);
      co_return;
    }
    log::error("the queue cannot be read: {} ({})", found.error().text, found.error().cause);
    co_await async::sleep_for(std::chrono::seconds(kTrouble));
  }
}

void Runner::note(const AccountId& id) {
  if (means_.stopping) return;
  AccountWork& work = accounts_[id];
  if (work.scanning) work.again = true;
  if (work.scanning || work.noted) return;
  work.noted = true;
  noted_.push_back(id);
  pump();
}

void Runner::pump() {
  while (scans_ < kScans && !noted_.empty() && !means_.stopping) {
    const AccountId id = noted_.front();
    noted_.pop_front();
    AccountWork& work = accounts_[id];
    work.noted = false;
    work.scanning = true;
    ++scans_;
    gate_.spawn(scan(id));
  }
}

async::Task<void> Runner::scan(AccountId id) {
  auto account = co_await store_.account(id);
  if (account) {
    begin_due(id, *account);
  } else if (account.error().kind != ErrorKind::not_found) {
    log::error("the outbox of account {}: {} ({})", to_hex(id), account.error().text,
               account.error().cause);
    set_due(id, now() + kTrouble);
  }
  --scans_;
  AccountWork& work = accounts_[id];
  work.scanning = false;
  if (std::exchange(work.again, false)) note(id);
  forget_if_idle(id);
  pump();
}

void Runner::set_waiting(AccountWork& work, std::size_t entries) {
  // Unsigned numbers wrap, so this also lowers the sum.
  waiting_.fetch_add(entries - work.waiting, std::memory_order_relaxed);
  work.waiting = entries;
}

void Runner::forget_if_idle(const AccountId& id) {
  const auto it = accounts_.find(id);
  if (it == accounts_.end()) return;
  const AccountWork& work = it->second;
  if (work.running.empty() && work.due == 0 && !work.noted && !work.scanning && !work.crowded) {
    set_waiting(it->second, 0);
    accounts_.erase(it);
  }
}

// Attempts.

void Runner::begin_due(const AccountId& id, const store::AccountPtr& account) {
  AccountWork& work = accounts_[id];
  const std::shared_ptr<const store::Outbox> outbox = account->published()->outbox;
  set_waiting(work, outbox->size());
  std::erase_if(work.elsewhere, [&](store::OutboxId entry) { return !outbox->contains(entry); });
  std::int64_t next = std::numeric_limits<std::int64_t>::max();
  bool all_begun = true;
  for (const auto& [number, entry] : *outbox) {
    if (work.running.contains(number)) continue;
    if (entry->is_claimed_elsewhere(store_.node(), now())) {
      next = std::min(next, entry->claimed_until + store::OutboxEntry::kClaimGrace + 1);
      continue;
    }
    const Work todo = work_for(*entry, means_.options->retry, now());
    if (!todo.time && !todo.attempt) {
      work.elsewhere.erase(number);
      next = std::min(next, todo.next);
      continue;
    }
    const Stage stage = todo.time                         ? Stage::time
                        : work.elsewhere.contains(number) ? Stage::relay
                                                          : Stage::local;
    all_begun = begin(work, account, entry, stage) && all_begun;
  }
  if (!all_begun && !std::exchange(work.crowded, true)) crowded_.push_back(id);
  set_due(id, next);
}

bool Runner::begin(AccountWork& work, const store::AccountPtr& account,
                   const store::OutboxEntryPtr& entry, Stage stage) {
  std::size_t& running = running_[static_cast<std::size_t>(stage)];
  const std::size_t room = stage == Stage::relay ? means_.options->connections : kTogether;
  if (running >= room || means_.stopping) return false;
  ++running;
  auto claim = std::make_shared<Claim>(account, entry->id);
  work.running.emplace(entry->id, claim);
  gate_.spawn(run(account, std::move(claim), entry->id, stage));
  return true;
}

async::Task<void> Runner::run(store::AccountPtr account, std::shared_ptr<Claim> claim,
                              store::OutboxId number, Stage stage) {
  // Spawned during a scan: it must not end before the scan does.
  co_await loop_.yield();
  const AccountId id = account->id();
  auto entry = co_await claim->take();
  if (!entry) {
    log::error("the outbox of account {}: {} ({})", to_hex(id), entry.error().text,
               entry.error().cause);
    if (!means_.stopping) co_await async::sleep_for(kClaimAgain);
  } else if (*entry) {
    co_await attempt(std::move(account), std::move(*entry), *claim, stage);
  }
  end(id, number, stage);
}

async::Task<void> Runner::attempt(store::AccountPtr account, store::OutboxEntryPtr entry,
                                  const Claim& claim, Stage stage) {
  const AccountId id = account->id();
  const store::OutboxId number = entry->id;
  Attempt attempt(means_, std::move(account), std::move(entry), claim);
  switch (stage) {
    case Stage::time: co_await attempt.note_passed_time(); break;
    case Stage::local:
      if (co_await attempt.deliver_here()) accounts_[id].elsewhere.insert(number);
      break;
    case Stage::relay:
      co_await attempt.send();
      accounts_[id].elsewhere.erase(number);
      break;
  }
}

async::Task<void> Runner::renew(std::shared_ptr<Claim> claim) { co_await claim->renew(); }

void Runner::renew_claims() {
  if (store_.node() == 0) return;
  for (const auto& [id, work] : accounts_)
    for (const auto& [number, claim] : work.running) gate_.spawn(renew(claim));
}

/// So that others need not wait until they lapse.
async::Task<void> Runner::release_claims(std::chrono::milliseconds longest) {
  const auto until = std::chrono::steady_clock::now() + longest;
  std::vector<AccountId> ids;
  for (const auto& [id, work] : accounts_) ids.push_back(id);
  for (const AccountId& id : ids) {
    if (std::chrono::steady_clock::now() > until) co_return;
    auto account = co_await store_.account(id);
    if (account) co_await Claim::release_all(std::move(*account));
  }
}

void Runner::end(const AccountId& account, store::OutboxId entry, Stage stage) {
  --running_[static_cast<std::size_t>(stage)];
  accounts_[account].running.erase(entry);
  note(account);
  if (crowded_.empty()) return;
  const AccountId next = crowded_.front();
  crowded_.pop_front();
  accounts_[next].crowded = false;
  note(next);
}

// Work for later.

void Runner::set_due(const AccountId& id, std::int64_t when) {
  AccountWork& work = accounts_[id];
  if (work.due != 0) due_.erase({work.due, id});
  work.due = when == std::numeric_limits<std::int64_t>::max() ? 0 : when;
  if (work.due != 0) due_.insert({work.due, id});
  set_timer();
}

void Runner::set_timer() {
  if (means_.stopping) return;
  if (!timer_) timer_ = std::make_unique<async::Timer>();
  std::int64_t sleep = kLongestSleep;
  if (!due_.empty()) sleep = std::clamp<std::int64_t>(due_.begin()->first - now(), 0, sleep);
  timer_->set(std::chrono::seconds(sleep), [this] { on_timer(); });
}

void Runner::on_timer() {
  gate_.spawn(connections_.close(Connections::Which::idle));
  renew_claims();
  const std::int64_t time = now();
  while (!due_.empty() && due_.begin()->first <= time) {
    const AccountId id = due_.begin()->second;
    due_.erase(due_.begin());
    accounts_[id].due = 0;
    note(id);
  }
  if (!accounts_.empty() || !connections_.empty()) set_timer();
}

}  // namespace posthorn::relay
