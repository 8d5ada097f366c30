#include "relay/claim.h"

#include <utility>

#include "base/log.h"
#include "store/store.h"

namespace posthorn::relay {

using store::Change;
using store::OutboxEntry;
using store::OutboxEntryPtr;

namespace {

std::int64_t now_of(const store::AccountPtr& account) {
  return account->store().clock().now().seconds;
}

OutboxEntryPtr find(const store::StatePtr& state, store::OutboxId id) {
  const auto found = state->outbox->find(id);
  return found == state->outbox->end() ? nullptr : found->second;
}

class GuardedSource final : public client::SmtpSource {
 public:
  GuardedSource(const Claim& claim, client::SmtpSource& source) : claim_(claim), source_(source) {}
  async::Task<Result<std::string_view>> next() override {
    auto octets = co_await source_.next();
    if (claim_.holds()) co_return octets;
    co_return fail(ErrorKind::unavailable, "another server may send this message by now");
  }

 private:
  const Claim& claim_;
  client::SmtpSource& source_;
};

}  // namespace

Claim::Claim(store::AccountPtr account, store::OutboxId entry)
    : account_(std::move(account)), entry_(entry) {}

void Claim::lasts_until(std::int64_t wall, std::int64_t now) {
  const MutexLock lock(mutex_);
  until_ = wall;
  steady_until_ = std::chrono::steady_clock::now() + std::chrono::seconds(wall - now);
}

bool Claim::holds() const {
  if (account_->store().node() == 0) return true;
  const MutexLock lock(mutex_);
  return now_of(account_) < until_ && std::chrono::steady_clock::now() < steady_until_;
}

async::Task<Result<OutboxEntryPtr>> Claim::take() {
  const std::uint64_t node = account_->store().node();
  const OutboxEntryPtr known = find(account_->published(), entry_);
  if (node == 0 || !known) co_return known;
  const std::int64_t now = now_of(account_);
  if (known->claimed_by == node && known->claimed_until > now + OutboxEntry::kClaim / 2) {
    lasts_until(known->claimed_until, now);
    co_return known;
  }
  const auto begun = std::chrono::steady_clock::now();
  auto done =
      co_await account_->change(store::Actor::delivery(), {}, [&](Change& change) -> Result<bool> {
        const auto found = change.state().outbox->find(entry_);
        if (found == change.state().outbox->end()) return false;
        OutboxEntry entry = *found->second;
        if (entry.is_claimed_elsewhere(node, now)) return false;
        entry.claimed_by = node;
        entry.claimed_until = now + OutboxEntry::kClaim;
        if (Status updated = change.update_outbox(std::move(entry)); !updated) return pass(updated);
        return true;
      });
  if (!done) co_return pass(done);
  if (!done->value) co_return nullptr;
  {
    const MutexLock lock(mutex_);
    until_ = now + OutboxEntry::kClaim;
    steady_until_ = begun + std::chrono::seconds(OutboxEntry::kClaim);
  }
  co_return find(done->state, entry_);
}

async::Task<void> Claim::renew() {
  if (std::exchange(renewing_, true)) co_return;
  static_cast<void>(co_await take());
  renewing_ = false;
}

std::unique_ptr<client::SmtpSource> Claim::guard(client::SmtpSource& source) const {
  return std::make_unique<GuardedSource>(*this, source);
}

async::Task<void> Claim::release_all(store::AccountPtr account) {
  const std::uint64_t node = account->store().node();
  if (node == 0) co_return;
  const auto done =
      co_await account->change(store::Actor::delivery(), {}, [&](Change& change) -> Status {
        const store::Outbox outbox = *change.state().outbox;
        for (const auto& [id, claimed] : outbox) {
          if (claimed->claimed_by != node) continue;
          OutboxEntry entry = *claimed;
          entry.claimed_by = 0;
          entry.claimed_until = 0;
          if (Status updated = change.update_outbox(std::move(entry)); !updated) return updated;
        }
        return {};
      });
  if (!done && done.error().kind != ErrorKind::not_found)
    log::warning("the queue: what waits in account {} is sent by others only in some minutes: {}",
                 to_hex(account->id()), done.error().text);
}

}  // namespace posthorn::relay
