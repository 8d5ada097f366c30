#include "async/offload.h"
#include "async/wait.h"
#include "store/change/change.h"
#include "store/format/codec.h"
#include "store/format/directory_rows.h"
#include "store/format/keys.h"
#include "store/format/record.h"
#include "store/format/system.h"
#include "store/store.h"
#include "store/store_state.h"

// What the store keeps of how people log in.
namespace posthorn::store {

async::Task<Status> Store::edit_profile(AccountId id,
                                        std::function<Result<bool>(AccountProfile&)> edit) {
  auto opened = co_await account(id);
  if (!opened) co_return pass(opened);
  Account& account = **opened;
  const auto turn = co_await state_->profile_edits.take();
  constexpr int kMaxAttempts = 16;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    // The change is refused if the account has meanwhile heard of another process's commit, which
    // may have changed the profile. If there was one that it has not heard of, the change is a
    // conflict, and runs again after it has.
    const std::uint64_t reloads = account.reloads();
    auto current = co_await read_profile(state_->engine, id);
    if (!current) co_return pass(current);
    auto changed = edit(*current);
    if (!changed) co_return pass(changed);
    if (!*changed) co_return Status{};
    bool outdated = false;
    auto done = co_await account.change(Actor::administrator(), {}, [&](Change& change) -> Status {
      outdated = account.reloads() != reloads;
      if (outdated) return fail(ErrorKind::unavailable, "The account was changed elsewhere");
      change.set_profile(encode_profile(*current));
      return {};
    });
    state_->profiles.erase(id);
    if (done) co_return Status{};
    if (!outdated) co_return pass(done);
  }
  co_return fail(ErrorKind::unavailable,
                 "The account is being changed elsewhere; please try again");
}

async::Task<Status> Store::set_credentials(const AccountId& id, std::string credentials) {
  co_return co_await edit_profile(id, [&](AccountProfile& p) -> Result<bool> {
    p.credentials = credentials;
    ++p.version;
    return true;
  });
}

async::Task<Status> Store::replace_credentials(const AccountId& id, std::uint64_t version,
                                               std::string credentials) {
  co_return co_await edit_profile(id, [&](AccountProfile& p) -> Result<bool> {
    if (p.version != version) return false;
    p.credentials = credentials;
    return true;
  });
}

async::Task<Status> Store::set_disabled(const AccountId& id, bool disabled) {
  co_return co_await edit_profile(id, [&](AccountProfile& p) -> Result<bool> {
    p.disabled = disabled;
    ++p.version;
    return true;
  });
}

async::Task<Status> Store::edit_login_rules(const AccountId& id, Sessions sessions,
                                            std::function<Status(std::string&)> edit) {
  co_return co_await edit_profile(id, [&](AccountProfile& p) -> Result<bool> {
    const std::string before = p.login_rules;
    if (Status edited = edit(p.login_rules); !edited) return pass(edited);
    if (p.login_rules == before) return false;
    if (sessions == Sessions::end) ++p.version;
    return true;
  });
}

namespace {

/// The row that says that an account cannot use SCRAM. Its shard is that of the account's outbox,
/// since nobody looks for one row.
PartitionId shard_without_scram(const AccountId& id) {
  return directory_partition(
      static_cast<std::uint8_t>(static_cast<unsigned>(id.bytes.back()) % kDirectoryShards));
}

}  // namespace

async::Task<Status> Store::note_without_scram(const AccountId& wanted) {
  const AccountId id = wanted;
  co_return co_await async::offload(state_->offload, [&]() -> Status {
    const std::string key = keys::without_scram(id);
    return edit_row(state_->engine, shard_without_scram(id), key,
                    [&](const std::optional<std::string>& row) {
                      std::vector<engine::Edit> edits;
                      if (!row) edits.push_back({key, seal("")});
                      return Result<std::vector<engine::Edit>>(std::move(edits));
                    });
  });
}

async::Task<Status> Store::forget_without_scram(const AccountId& wanted) {
  const AccountId id = wanted;
  co_return co_await async::offload(state_->offload, [&]() -> Status {
    const std::string key = keys::without_scram(id);
    return edit_row(state_->engine, shard_without_scram(id), key,
                    [&](const std::optional<std::string>& row) {
                      std::vector<engine::Edit> edits;
                      if (row) edits.push_back({key, std::nullopt});
                      return Result<std::vector<engine::Edit>>(std::move(edits));
                    });
  });
}

async::Task<Result<std::vector<AccountId>>> Store::accounts_without_scram() {
  co_return co_await async::offload(state_->offload, [&]() -> Result<std::vector<AccountId>> {
    std::vector<AccountId> all;
    for (std::uint8_t shard = 0; shard < kDirectoryShards; ++shard) {
      std::string from(keys::kWithoutScram);
      for (;;) {
        constexpr std::size_t kAtOnce = 10'000;
        auto rows = async::wait(state_->engine.scan(
            directory_partition(shard), from, keys::after_prefix(keys::kWithoutScram), kAtOnce));
        if (!rows) return pass(rows);
        for (const engine::Row& row : rows->rows)
          if (const auto id = keys::account_of(row.key)) all.push_back(*id);
        if (rows->rows.size() < kAtOnce) break;
        from = rows->rows.back().key + '\0';
      }
    }
    return all;
  });
}

}  // namespace posthorn::store
