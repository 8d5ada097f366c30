#include "store/change/queue_list.h"

#include <algorithm>

#include "base/log.h"
#include "store/format/keys.h"
#include "store/format/outbox_codec.h"
#include "store/format/system.h"
#include "store/read/damage_scan.h"
#include "store/read/load.h"

namespace posthorn::store {
namespace {

PartitionId shard_of(const AccountId& account) {
  return queue_partition(account.bytes.back() % kQueueShards);
}

using Edits = std::vector<engine::Edit>;
using Row = std::optional<std::string>;

}  // namespace

Result<std::int64_t> list_outbox(engine::Engine& engine, const AccountId& account, std::int64_t now,
                                 std::int64_t renew_before) {
  const std::string key = keys::listed_outbox(account);
  std::int64_t since = now;
  Status done = edit_row(engine, shard_of(account), key, [&](const Row& row) -> Result<Edits> {
    // A time that cannot be read counts as old.
    since = row ? decode_time(*row).value_or(INT64_MIN + 1) : INT64_MIN;
    if (row && since >= renew_before) return Edits{};
    since = now;
    return Edits{{key, encode_time(now)}};
  });
  if (!done) return pass(done);
  return since;
}

Status unlist_outbox(engine::Engine& engine, const AccountId& account, std::int64_t since) {
  const std::string key = keys::listed_outbox(account);
  return edit_row(engine, shard_of(account), key, [&](const Row& row) -> Result<Edits> {
    if (!row || decode_time(*row).value_or(since) != since) return Edits{};
    return Edits{{key, std::nullopt}};
  });
}

namespace {

/// Adds every account whose row would be in this shard, whether its outbox has entries or not.
Status add_accounts_of(engine::Engine& engine, std::uint8_t shard, std::vector<ListedOutbox>& all) {
  return for_each_readable_partition(
      engine,
      [&](const PartitionId& id) {
        if (is_account_partition(id) && shard_of(id) == queue_partition(shard))
          all.push_back({.account = id});
      },
      [](const DamagedRange&) {});
}

}  // namespace

Result<std::vector<ListedOutbox>> listed_outboxes(engine::Engine& engine) {
  std::vector<ListedOutbox> all;
  for (std::uint8_t shard = 0; shard < kQueueShards; ++shard) {
    bool damaged = false;
    Status ok = for_each_readable_row(
        engine, queue_partition(shard), keys::kOutboxes,
        [&](const engine::Row& row) {
          ListedOutbox listed;
          if (row.key.size() != 1 + listed.account.bytes.size()) return;
          // The key is sufficient; the time may be unreadable.
          if (const auto since = decode_time(row.value)) listed.since = *since;
          std::ranges::copy(row.key.substr(1), listed.account.bytes.begin());
          all.push_back(listed);
        },
        [&](const DamagedRange& range) {
          damaged = true;
          log::error(
              "shard {} of the queue's list cannot be read: {} ({}); all its accounts are "
              "searched instead",
              shard, range.why.text, range.why.cause);
        });
    if (ok && damaged) ok = add_accounts_of(engine, shard, all);
    if (!ok) return pass(ok);
  }
  return all;
}

async::Task<Result<bool>> is_listed(engine::Engine& engine, AccountId account) {
  auto row = co_await engine.get_row(shard_of(account), keys::listed_outbox(account));
  if (!row) co_return pass(row);
  co_return row->has_value();
}

}  // namespace posthorn::store
