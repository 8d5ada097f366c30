#include "app/accounts/without_scram.h"

#include <algorithm>

#include "auth/credentials.h"
#include "auth/crypto.h"
#include "base/bytes.h"
#include "base/log.h"
#include "service/scram_hint.h"

namespace posthorn::app {

async::Task<Status> WithoutScram::load() {
  auto listed = co_await store_.accounts_without_scram();
  if (!listed) co_return pass(listed);
  for (const AccountId& account : *listed) co_await refresh(account);
  co_return Status();
}

async::Task<void> WithoutScram::refresh(AccountId account) {
  auto without = co_await service::update_scram_hint(store_, account);
  if (!without) {
    log::error("whether SCRAM can serve account {} was not found out: {} ({})", to_hex(account),
               without.error().text, without.error().cause);
    co_return;
  }
  if (!*without) {
    forget(account);
    co_return;
  }
  auto profile = co_await store_.profile(account);
  std::optional<auth::ForeignHash> hash;
  if (profile && !profile->credentials.empty())
    if (auto credentials = auth::decode_credentials(profile->credentials);
        credentials && !credentials->keys)
      hash = std::move(credentials->hash);
  add(account, std::move(hash));
  if (Status counted = co_await count_accounts(); !counted)
    log::error("the accounts were not counted: {} ({})", counted.error().text,
               counted.error().cause);
}

void WithoutScram::add(const AccountId& account, std::optional<auth::ForeignHash> hash) {
  const MutexLock lock(mutex_);
  remove(account);
  std::string cost = hash ? hash->cost() : std::string();
  if (hash) {
    const auto kind = kinds_.try_emplace(cost, Kind{0, std::move(*hash)}).first;
    ++kind->second.accounts;
    ++with_hash_;
  }
  accounts_.emplace(account, std::move(cost));
}

void WithoutScram::remove(const AccountId& account) {
  const auto known = accounts_.find(account);
  if (known == accounts_.end()) return;
  if (const auto kind = kinds_.find(known->second); kind != kinds_.end()) {
    --with_hash_;
    if (--kind->second.accounts == 0) kinds_.erase(kind);
  }
  accounts_.erase(known);
}

void WithoutScram::forget(const AccountId& account) {
  const MutexLock lock(mutex_);
  remove(account);
}

bool WithoutScram::any() const {
  const MutexLock lock(mutex_);
  return !accounts_.empty();
}

async::Task<Status> WithoutScram::count_accounts() {
  {
    const MutexLock lock(mutex_);
    if (with_hash_ < 2 * counted_at_) co_return Status();
    // Set first, so that others do not count at the same time.
    counted_at_ = std::max<std::size_t>(with_hash_, 1);
  }
  std::size_t all = 0;
  std::string after;
  while (true) {
    constexpr std::size_t kAtOnce = 1000;
    auto page = co_await store_.list_addresses(after, kAtOnce);
    if (!page) co_return pass(page);
    all += static_cast<std::size_t>(std::ranges::count_if(
        *page, [](const store::Store::Listed& listed) { return !listed.entry.alias; }));
    if (page->size() < kAtOnce) break;
    after = page->back().address;
  }
  const MutexLock lock(mutex_);
  all_ = all;
  co_return Status();
}

std::optional<auth::ForeignHash> WithoutScram::decoy_for(std::string_view name) const {
  const MutexLock lock(mutex_);
  if (with_hash_ == 0) return std::nullopt;
  const std::size_t all = std::max(all_, with_hash_);
  const auth::Hash drawn = auth::hmac(key_, fmt::format("imported hash {}", name));
  ByteReader r(auth::view(drawn));
  // The first number does not change with the accounts, so a name is counted out once only.
  constexpr std::uint64_t kSteps = 1'000'000;
  if (r.u64() % kSteps * all >= kSteps * with_hash_) return std::nullopt;
  std::uint64_t chosen = r.u64() % with_hash_;
  for (const auto& [cost, kind] : kinds_) {
    if (chosen < kind.accounts) return kind.example;
    chosen -= kind.accounts;
  }
  return std::nullopt;
}

}  // namespace posthorn::app
