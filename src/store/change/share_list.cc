#include "store/change/share_list.h"

#include <algorithm>
#include <utility>

#include "store/format/keys.h"
#include "store/format/record.h"
#include "store/format/system.h"
#include "store/read/load.h"
#include "store/store_state.h"

namespace posthorn::store {
namespace {

// The first letter says what follows.
constexpr char kAccountGrantee = 'u';
constexpr char kAnyoneGrantee = '*';
constexpr char kGroupGrantee = 'g';

using Edits = std::vector<engine::Edit>;
using Row = std::optional<std::string>;

enum class Wanted : std::uint8_t { present, absent };

/// Blocks.
Status edit_share(engine::Engine& engine, const std::string& grantee, const AccountId& owner,
                  Wanted wanted) {
  const std::string key = keys::share(grantee, owner);
  return edit_row(engine, share_partition(share_shard_of(grantee)), key,
                  [&](const Row& row) -> Result<Edits> {
                    if (row.has_value() == (wanted == Wanted::present)) return Edits{};
                    if (wanted == Wanted::absent) return Edits{{key, std::nullopt}};
                    return Edits{{key, seal("")}};
                  });
}

async::Task<Result<std::vector<AccountId>>> read_sharers(engine::Engine& engine,
                                                         std::string grantee) {
  std::vector<AccountId> owners;
  const std::string prefix = keys::shares_with(grantee);
  Status ok = co_await for_each_row(engine, share_partition(share_shard_of(grantee)), prefix,
                                    [&](const engine::Row& row) -> Status {
                                      AccountId owner;
                                      const std::string_view id =
                                          std::string_view(row.key).substr(prefix.size());
                                      if (id.size() != owner.bytes.size()) return {};
                                      std::ranges::copy(id, owner.bytes.begin());
                                      owners.push_back(owner);
                                      return {};
                                    });
  if (!ok) co_return pass(ok);
  co_return owners;
}

}  // namespace

std::string grantee_account(const AccountId& account) {
  std::string grantee(1, kAccountGrantee);
  grantee += account.view();
  return grantee;
}

std::string grantee_anyone() { return std::string(1, kAnyoneGrantee); }

std::string grantee_group(std::string_view group) {
  std::string grantee(1, kGroupGrantee);
  grantee += group;
  return grantee;
}

std::string grantee_of(const Grant& grant) {
  switch (grant.to) {
    case Grant::To::account: return grantee_account(grant.account);
    case Grant::To::anyone: return grantee_anyone();
    case Grant::To::group: return grantee_group(grant.group);
  }
  return {};
}

async::Task<Status> Store::note_share(std::string grantee, const AccountId& wanted) {
  const AccountId owner = wanted;
  Status done = co_await async::offload(
      state_->offload, [&] { return edit_share(state_->engine, grantee, owner, Wanted::present); });
  state_->sharers.erase(grantee);
  state_->share_watches->notify({});
  co_return done;
}

async::Task<Status> Store::forget_share(std::string grantee, const AccountId& wanted) {
  const AccountId owner = wanted;
  Status done = co_await async::offload(
      state_->offload, [&] { return edit_share(state_->engine, grantee, owner, Wanted::absent); });
  state_->sharers.erase(grantee);
  co_return done;
}

async::Task<Result<std::shared_ptr<const std::vector<AccountId>>>> Store::sharers(
    std::string grantee) {
  auto& cache = state_->sharers;
  if (auto known = cache.find(grantee)) co_return known;
  const std::uint64_t erasures = cache.erasures(grantee);
  auto owners = co_await read_sharers(state_->engine, grantee);
  if (!owners) co_return pass(owners);
  auto kept = std::make_shared<const std::vector<AccountId>>(std::move(*owners));
  cache.put_unless_erased(grantee, kept, grantee.size() + kept->size() * sizeof(AccountId),
                          erasures);
  co_return kept;
}

std::unique_ptr<Account::Watch> Store::watch_shares(std::function<void()> wake) {
  return state_->share_watches->add({}, std::move(wake));
}

async::Task<std::shared_ptr<void>> Store::share_turn() { return state_->share_edits.take(); }

}  // namespace posthorn::store
