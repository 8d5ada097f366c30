#include "store/removed_accounts.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "async/offload.h"
#include "async/wait.h"
#include "store/format/directory_rows.h"
#include "store/format/keys.h"
#include "store/format/system.h"
#include "store/read/load.h"
#include "store/store_state.h"

namespace posthorn::store {
namespace {

using async::Task;

/// A sweep may already have begun with an account whose grace time ends so soon.
constexpr std::int64_t kMargin = 60;

struct Found {
  RemovedAccount account;
  AccountRemoval removal;
};

/// Reads the removals of a shard of the directory.
Task<Result<std::vector<Found>>> read_removals(Store& store, std::uint8_t shard) {
  const std::int64_t now = store.clock().now().seconds;
  const std::int64_t kept = store.options().sweep_grace_seconds - kMargin;
  std::vector<std::pair<AccountId, AccountRemoval>> rows;
  Status read =
      co_await for_each_row(store.engine(), directory_partition(shard),
                            std::string(keys::kRemovals), [&](const engine::Row& row) -> Status {
                              auto removal = decode_removal(row.value);
                              const auto id = keys::account_of(row.key);
                              if (removal && id && removal->since > now - kept)
                                rows.emplace_back(*id, std::move(*removal));
                              return {};
                            });
  if (!read) co_return pass(read);
  std::vector<Found> found;
  for (auto& [id, removal] : rows) {
    const auto profile = co_await read_profile(store.engine(), id);
    // One that is not disabled is an account whose creation was begun and not finished.
    if (!profile || !profile->disabled) continue;
    found.push_back({{id, profile->name, removal.since, removal.since + kept}, std::move(removal)});
  }
  co_return found;
}

std::unexpected<Error> unknown(const std::string& name) {
  return fail(
      ErrorKind::not_found,
      fmt::format("no account '{}' was removed so recently that its mail is still there", name));
}

}  // namespace

Status take_back_removal(Store& store, const std::string& address, const AccountId& id) {
  engine::Engine& engine = store.engine();
  const PartitionId directory = directory_partition(directory_shard_of(address));
  Status done = edit_row(
      engine, directory, keys::address(address),
      [&](const std::optional<std::string>& row) -> Result<std::vector<engine::Edit>> {
        if (row)
          return fail(ErrorKind::already_exists,
                      fmt::format("there is another account or alias '{}' by now; it has to be "
                                  "removed first",
                                  address));
        auto ordered = async::wait(engine.get_row(directory, keys::removal(id)));
        if (!ordered) return pass(ordered);
        if (!*ordered) return unknown(address);
        return std::vector<engine::Edit>{{keys::address(address), encode_address({id, false})},
                                         {keys::removal(id), std::nullopt}};
      });
  store.state().addresses.erase(address);
  return done;
}

Task<Result<std::vector<RemovedAccount>>> removed_accounts(Store& store) {
  std::vector<RemovedAccount> all;
  for (std::uint8_t shard = 0; shard < kDirectoryShards; ++shard) {
    auto found = co_await read_removals(store, shard);
    if (!found) co_return pass(found);
    for (Found& one : *found) all.push_back(std::move(one.account));
  }
  std::ranges::sort(all, [](const RemovedAccount& a, const RemovedAccount& b) {
    return std::pair(b.removed, a.name) < std::pair(a.removed, b.name);
  });
  co_return all;
}

Task<Result<RestoredAccount>> restore_account(Store& store, std::string name) {
  const std::string address = normalize_address(name);
  auto found = co_await read_removals(store, directory_shard_of(address));
  if (!found) co_return pass(found);
  const Found* last = nullptr;
  for (const Found& one : *found)
    if (one.account.name == address &&
        (last == nullptr || one.account.removed > last->account.removed))
      last = &one;
  if (last == nullptr) co_return unknown(address);
  RestoredAccount restored{last->account.id, {}};
  Status given = co_await async::offload(
      store.offload(), [&] { return take_back_removal(store, address, restored.id); });
  if (!given) co_return pass(given);
  for (const std::string& alias : last->removal.aliases) {
    Status added = co_await store.add_alias(alias, restored.id);
    if (added) continue;
    if (added.error().kind != ErrorKind::already_exists) co_return pass(added);
    restored.taken.push_back(alias);
  }
  if (!last->removal.was_disabled)
    if (Status enabled = co_await store.set_disabled(restored.id, false); !enabled)
      co_return pass(enabled);
  co_return restored;
}

}  // namespace posthorn::store
