#include "store/upkeep/hold.h"

#include <utility>
#include <vector>

#include "async/offload.h"
#include "base/bytes.h"
#include "store/format/keys.h"
#include "store/format/record.h"
#include "store/format/system.h"
#include "store/store.h"
#include "store/upkeep/expiry.h"
#include "text/utf8.h"

namespace posthorn::store {
namespace {

/// Accounts are spread over the shards by their id, since nobody looks for the holds of a name.
PartitionId shard_of(const AccountId& id) {
  return directory_partition(
      static_cast<std::uint8_t>(static_cast<unsigned>(id.bytes.back()) % kDirectoryShards));
}

Result<Hold> decode(std::string_view row) {
  auto record = unseal(row);
  if (!record) return pass(record);
  ByteReader r(*record);
  Hold hold;
  hold.since = static_cast<std::int64_t>(r.u64());
  hold.reason = r.bytes();
  if (!r.ok()) return fail(ErrorKind::corrupt, "the record of a hold cannot be read");
  return hold;
}

std::string encode(const Hold& hold) {
  std::string record;
  ByteWriter w(record);
  w.u64(static_cast<std::uint64_t>(hold.since));
  w.bytes(hold.reason);
  return seal(record);
}

}  // namespace

async::Task<Result<std::optional<Hold>>> find_hold(engine::Engine& engine, AccountId account) {
  auto row = co_await engine.get_row(shard_of(account), keys::hold(account));
  if (!row) co_return pass(row);
  if (!*row) co_return std::optional<Hold>();
  auto hold = decode(**row);
  if (!hold) co_return pass(hold);
  co_return std::optional<Hold>(std::move(*hold));
}

async::Task<Status> hold_account(Store& store, AccountId account, std::string reason) {
  if (reason.size() > kMaxHoldReason || !text::is_valid_utf8(reason))
    co_return fail(ErrorKind::bad_argument, "A reason is text of at most 1000 octets");
  auto opened = co_await store.account(account);
  if (!opened) co_return pass(opened);
  const std::string key = keys::hold(account);
  Status held = co_await async::offload(store.offload(), [&] {
    return edit_row(
        store.engine(), shard_of(account), key,
        [&](const std::optional<std::string>& row) -> Result<std::vector<engine::Edit>> {
          Hold hold{store.clock().now().seconds, reason};
          // One that cannot be read is replaced.
          if (row)
            if (const auto old = decode(*row)) hold.since = old->since;
          return std::vector<engine::Edit>{{key, encode(hold)}};
        });
  });
  if (!held) co_return held;
  if (!co_await Expiry::wait_until_idle(*opened))
    co_return fail(ErrorKind::unavailable,
                   "The account is held, but it was being swept, and something may have been "
                   "dropped still; please repeat the command");
  co_return Status();
}

async::Task<Status> end_hold(Store& store, AccountId account) {
  const std::string key = keys::hold(account);
  Status ended = co_await async::offload(store.offload(), [&] {
    return edit_row(
        store.engine(), shard_of(account), key,
        [&](const std::optional<std::string>& row) -> Result<std::vector<engine::Edit>> {
          if (!row) return fail(ErrorKind::not_found, "The account is not held");
          return std::vector<engine::Edit>{{key, std::nullopt}};
        });
  });
  if (!ended) co_return ended;
  // The sweep has dropped its entries of this account meanwhile. If this one is lost in a crash,
  // the account's next change makes another.
  std::string due(keys::kDueContent);
  ByteWriter(due).u32(0);
  due += account.view();
  store.engine().hint(system_partition(), {{std::move(due), std::string("1")}});
  co_return Status();
}

}  // namespace posthorn::store
