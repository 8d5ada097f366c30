#include <algorithm>

#include "async/wait.h"
#include "base/bytes.h"
#include "base/log.h"
#include "store/change/pipeline.h"
#include "store/format/codec.h"
#include "store/format/directory_rows.h"
#include "store/format/keys.h"
#include "store/format/record.h"
#include "store/format/system.h"
#include "store/read/load.h"
#include "store/store_state.h"
#include "store/upkeep/age_out.h"
#include "store/upkeep/expiry.h"
#include "store/upkeep/hold.h"
#include "store/upkeep/purge.h"
#include "store/upkeep/release.h"

namespace posthorn::store {
namespace {

constexpr std::int64_t kDay = 86400;

/// Rows (kind, day, account): the account changed on that day. Kind content: what it expunged on
/// that day is still stored. Kind history: the content is dropped, and the history remains.
enum class Due : std::uint8_t { content, history };

std::string_view prefix_of(Due kind) {
  return kind == Due::content ? keys::kDueContent : keys::kDueHistory;
}

std::string due_prefix(Due kind, std::int64_t day) {
  std::string key(prefix_of(kind));
  ByteWriter(key).u32(static_cast<std::uint32_t>(std::max<std::int64_t>(day, 0)));
  return key;
}

struct DueAccount {
  std::string key;
  AccountId account;
};

AccountId account_of(std::string_view key) {
  AccountId id;
  if (key.size() >= id.bytes.size())
    std::ranges::copy(key.substr(key.size() - id.bytes.size()),
                      reinterpret_cast<char*>(id.bytes.data()));
  return id;
}

async::Task<Result<std::vector<DueAccount>>> due_accounts(Store& store, Due kind,
                                                          std::int64_t up_to_day) {
  constexpr std::size_t kAtOnce = 1000;
  std::vector<DueAccount> due;
  std::optional<std::string> from{prefix_of(kind)};
  while (from && due.size() < kAtOnce) {
    auto rows = co_await store.engine().scan(system_partition(), std::move(*from),
                                             due_prefix(kind, up_to_day + 1), kAtOnce);
    if (!rows) co_return pass(rows);
    for (const engine::Row& row : rows->rows)
      if (store.owns(account_of(row.key))) due.push_back({row.key, account_of(row.key)});
    from = std::move(rows->next_key);
  }
  co_return due;
}

/// Carries out the removals that are older than the grace time.
Status purge_removed(Store& store, std::int64_t before) {
  engine::Engine& engine = store.engine();
  for (std::uint8_t shard = 0; shard < kDirectoryShards; ++shard) {
    const PartitionId directory = directory_partition(shard);
    constexpr std::size_t kAtOnce = 100;
    auto rows = async::wait(engine.scan(directory, std::string(keys::kRemovals),
                                        keys::after_prefix(keys::kRemovals), kAtOnce));
    if (!rows) return pass(rows);
    for (const engine::Row& row : rows->rows) {
      auto removal = decode_removal(row.value);
      if (!removal) return pass(removal);
      if (removal->since > before || !store.owns(account_of(row.key))) continue;
      // Held and removed in the same moment: it stays.
      auto hold = async::wait(find_hold(engine, account_of(row.key)));
      if (!hold) return pass(hold);
      if (*hold) continue;
      if (Status ok = purge_account(engine, account_of(row.key)); !ok) return ok;
      Status done =
          edit_row(engine, directory, row.key, [&](const std::optional<std::string>& there) {
            std::vector<engine::Edit> edits;
            if (there) edits.push_back({row.key, std::nullopt});
            return Result<std::vector<engine::Edit>>(std::move(edits));
          });
      if (!done) return done;
    }
  }
  return {};
}

}  // namespace

void Store::note_due(const AccountId& id) {
  std::string key = due_prefix(Due::content, state_->clock.now().seconds / kDay);
  key += id.view();
  std::vector<engine::Edit> edits;
  edits.push_back({std::move(key), std::string("1")});
  state_->engine.hint(system_partition(), std::move(edits));
}

async::Task<void> Store::trim() {
  async::Loop* const caller = async::Loop::current();
  const std::size_t budget = state_->options.open_accounts / state_->shards.size() + 1;
  for (std::size_t i = 0; i < state_->shards.size(); ++i) {
    co_await state_->loops.at(i).enter();
    HomeShard& shard = *state_->shards[i];
    const MutexLock lock(shard.open_mutex);
    std::uint64_t contents = 0;
    std::size_t kept = 0;
    for (auto it = shard.open.begin(); it != shard.open.end();) {
      const AccountPtr& account = it->second;
      // No one else uses it and nothing is pending, so it can be read again when needed.
      const bool idle = account.use_count() == 1 && account->pipeline_->pending.empty();
      std::uint64_t bytes = 0;
      const StatePtr state = account->published();
      for (const auto& [id, mailbox] : state->mailboxes)
        if (mailbox->contents) bytes += std::uint64_t{mailbox->contents->count()} * 48;
      if (idle && (kept >= budget || contents + bytes > state_->options.contents_budget_bytes /
                                                            state_->shards.size())) {
        it = shard.open.erase(it);
      } else {
        contents += bytes;
        ++kept;
        ++it;
      }
    }
  }
  if (caller != nullptr) co_await caller->enter();
}

namespace {

/// Processes the accounts of this kind whose day has passed. A busy account stays for the next
/// round.
async::Task<Status> expire(Store& store, Due kind, Expiry::Bounds before) {
  const bool content = kind == Due::content;
  // The row of a day stands for changes up to the end of that day.
  const std::int64_t up_to = (content ? before.content : before.history) / kDay - 1;
  auto due = co_await due_accounts(store, kind, up_to);
  if (!due) co_return pass(due);
  for (DueAccount& entry : *due) {
    auto opened = co_await store.account(entry.account);
    if (opened) {
      auto done = co_await Expiry::run(*opened, before);
      if (!done && done.error().kind != ErrorKind::not_found)
        log::error("account {}: the sweep failed: {}", to_hex(entry.account), done.error().text);
      if (done && *done == Expiry::Outcome::busy) continue;
      // Listed again when the hold ends.
      if (done && *done == Expiry::Outcome::held) {
        store.engine().hint(system_partition(), {{std::move(entry.key), std::nullopt}});
        continue;
      }
    }
    std::vector<engine::Edit> edits;
    if (opened && content && before.history < before.content) {
      std::string later = entry.key;
      later.replace(0, 1, prefix_of(Due::history));
      edits.push_back({std::move(later), std::string("1")});
    }
    edits.push_back({std::move(entry.key), std::nullopt});
    store.engine().hint(system_partition(), std::move(edits));
  }
  co_return Status{};
}

}  // namespace

// Expiry comes before release, because it makes the candidates that release_unused() examines.
async::Task<Status> Store::sweep() {
  co_await trim();
  if (Status ok = co_await expire_by_age(*this); !ok) co_return ok;
  const std::int64_t now = state_->clock.now().seconds;
  const StorePolicy kept = policy();
  Expiry::Bounds before;
  before.history = now - kept.horizon_seconds;
  before.content = std::max(before.history, now - kept.content_seconds);
  for (const Due kind : {Due::content, Due::history})
    if (Status ok = co_await expire(*this, kind, before); !ok) co_return ok;
  co_await let_go_beyond_quota(*this);
  if (Status done = co_await forget_empty_outboxes(); !done) co_return done;
  const std::int64_t not_after = now - state_->options.sweep_grace_seconds;
  if (Status ok = co_await release_unused(*this, not_after); !ok) co_return ok;
  co_return co_await async::offload(state_->offload,
                                    [&] { return purge_removed(*this, not_after); });
}

}  // namespace posthorn::store
