#include "store/adopt/adoption.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "async/offload.h"
#include "async/wait.h"
#include "store/change/share_list.h"
#include "store/format/codec.h"
#include "store/format/directory_rows.h"
#include "store/format/keys.h"
#include "store/format/record.h"
#include "store/format/system.h"
#include "store/read/behind.h"
#include "store/removed_accounts.h"
#include "store/store_state.h"
#include "store/upkeep/purge.h"

namespace posthorn::store {
namespace {

using async::Task;
using OptionalRow = std::optional<std::string>;

Result<OptionalRow> directory_row(engine::Engine& engine, const std::string& address,
                                  std::string key) {
  return async::wait(
      engine.get_row(directory_partition(directory_shard_of(address)), std::move(key)));
}

/// Blocks.
Status judge_now(Store& store, const AccountId& id, const std::string& name,
                 const std::string& lineage) {
  if (lineage != lineage_of(store))
    return fail(ErrorKind::not_supported, "the backup is not one of this server's own store");
  engine::Engine& engine = store.engine();
  auto address = directory_row(engine, name, keys::address(name));
  if (!address) return pass(address);
  if (*address)
    return fail(ErrorKind::already_exists,
                fmt::format("there is an account or alias '{}' already", name));
  auto removal = directory_row(engine, name, keys::removal(id));
  if (!removal) return pass(removal);
  if (*removal) {
    const auto profile = async::wait(read_profile(engine, id));
    // An order to remove an account that is not disabled is what an attempt to bring it back has
    // left (removed_accounts.h).
    const bool attempt =
        profile ? !profile->disabled : profile.error().kind == ErrorKind::not_found;
    if (!attempt)
      return fail(ErrorKind::unavailable,
                  fmt::format("the account '{}' was removed only recently: 'posthorn account "
                              "undelete {}' brings it back",
                              name, name));
    return {};
  }
  auto rows = async::wait(engine.scan(id, "", "", 1));
  if (!rows) return pass(rows);
  if (!rows->rows.empty())
    return fail(ErrorKind::already_exists,
                "the account of the backup is still there, under another name");
  return {};
}

}  // namespace

std::string lineage_of(Store& store) {
  const std::string derived = scoped_key(store.state().key, "lineage", "");
  PartitionId shown;
  std::ranges::copy_n(derived.begin(), shown.bytes.size(), shown.bytes.begin());
  return to_hex(shown);
}

Task<Status> Adoption::judge(Store& store, AccountId id, std::string name, std::string lineage) {
  co_return co_await async::offload(
      store.offload(), [&] { return judge_now(store, id, normalize_address(name), lineage); });
}

Task<Result<std::unique_ptr<Adoption>>> Adoption::begin(Store& store, AccountId id,
                                                        std::string name, std::string lineage) {
  std::unique_ptr<Adoption> adoption(new Adoption(store, id, normalize_address(name)));
  Status ready = co_await async::offload(store.offload(), [&]() -> Status {
    if (Status free = judge_now(store, id, adoption->name_, lineage); !free) return free;
    return adoption->prepare();
  });
  if (!ready) co_return pass(ready);
  co_return adoption;
}

Status Adoption::prepare() {
  engine::Engine& engine = store_.engine();
  const std::string key = keys::removal(id_);
  // As long as no address leads to it, the account is one that the sweep removes.
  const AccountRemoval removal{store_.clock().now().seconds, false, {}};
  Status ordered = edit_row(engine, directory_partition(directory_shard_of(name_)), key,
                            [&](const OptionalRow&) -> Result<std::vector<engine::Edit>> {
                              return std::vector<engine::Edit>{{key, encode_removal(removal)}};
                            });
  if (!ordered) return ordered;
  if (Status empty = purge_account(engine, id_); !empty) return empty;
  auto version = async::wait(engine.version(id_));
  if (!version) return pass(version);
  version_ = *version;
  return {};
}

Task<Status> Adoption::add(AccountPart part) {
  co_return co_await async::offload(store_.offload(), [&] { return write(std::move(part)); });
}

Status Adoption::write(AccountPart part) {
  engine::Commit commit{id_, version_, 0, {}, {}};
  for (engine::Row& row : part.rows) {
    if (row.key == keys::kProfile) {
      profile_ = std::move(row.value);
    } else {
      commit.edits.push_back({std::move(row.key), std::move(row.value)});
    }
  }
  commit.carry.pages = std::move(part.pages);
  const std::int64_t now = store_.clock().now().seconds;
  for (AccountPart::Piece& piece : part.pieces)
    commit.carry.holds.push_back({piece.name, std::move(piece.bytes), now});
  auto done = commit_and_wait(store_.engine(), std::move(commit));
  if (!done) return pass(done);
  version_ = *done;
  return {};
}

Status Adoption::complete(Seq tail) {
  engine::Engine& engine = store_.engine();
  auto profile = decode_profile(profile_);
  if (!profile) return pass(profile);
  if (profile->name != name_)
    return fail(ErrorKind::bad_argument,
                fmt::format("the account's name in the backup is '{}'", profile->name));
  const auto now =
      static_cast<std::uint64_t>(std::max<std::int64_t>(store_.clock().now().seconds, 0));
  const std::uint64_t epoch = std::max(now, engine.epoch());
  auto behind = async::wait(read_behind(engine, id_));
  if (!behind) return pass(behind);
  if (behind->epoch >= epoch)
    return fail(ErrorKind::bad_argument,
                "the clock of this machine is behind the time of the backup: set it first");
  // What was remembered of the password, by whomever, is of another version.
  profile->version += epoch;
  engine::Commit commit{id_, version_, 0, {{keys::profile(), encode_profile(*profile)}}, {}};
  // The tail is the highest MODSEQ. If this store has known the account longer than the copy, it
  // has a higher one.
  if (tail > version_.tail) commit.advance = tail.value - version_.tail.value;
  auto done = commit_and_wait(engine, std::move(commit));
  if (!done) return pass(done);
  return async::wait(bring_level(engine, id_, epoch));
}

/// An account that was removed may still be in memory.
Task<Result<AccountPtr>> Adoption::open_anew() {
  Store::State& state = store_.state();
  async::Loop* const caller = async::Loop::current();
  const std::size_t home = state.home_of(id_);
  co_await state.loops.at(home).enter();
  state.shards[home]->close(id_);
  state.profiles.erase(id_);
  if (caller != nullptr) co_await caller->enter();
  co_return co_await store_.account(id_);
}

Task<Status> Adoption::settle(AccountPtr account) {
  std::set<std::string> grantees;
  for (const auto& [key, grant] : account->published()->grants->all())
    grantees.insert(grantee_of(grant));
  for (const std::string& grantee : grantees) {
    const auto turn = co_await store_.share_turn();
    Status noted = co_await store_.note_share(grantee, id_);
    if (!noted) co_return noted;
  }
  // This change also lists the account for the sweep.
  auto done = co_await account->change(Actor::administrator(), {}, [](Change& change) -> Status {
    std::vector<OutboxId> waiting;
    for (const auto& [id, entry] : *change.state().outbox) waiting.push_back(id);
    for (const OutboxId id : waiting)
      if (Status dropped = change.drop_outbox(id); !dropped) return dropped;
    change.set_quota(change.state().counters.quota);
    return {};
  });
  if (!done) co_return pass(done);
  store_.engine().hint(system_partition(), {{keys::due_age(0, id_), std::string("1")}});
  co_return Status();
}

Status Adoption::give_address() {
  Status given = take_back_removal(store_, name_, id_);
  // Without the order, the sweep has taken the account for one to remove.
  if (!given && given.error().kind == ErrorKind::not_found)
    return fail(ErrorKind::unavailable,
                "bringing the account back took too long; please try again");
  return given;
}

Task<Result<AccountId>> Adoption::finish(Seq tail) {
  async::OffloadPool& pool = store_.offload();
  Status done = co_await async::offload(pool, [&] { return complete(tail); });
  if (!done) co_return pass(done);
  auto account = co_await open_anew();
  if (!account) co_return pass(account);
  done = co_await settle(std::move(*account));
  if (done) done = co_await async::offload(pool, [&] { return give_address(); });
  if (!done) co_return pass(done);
  co_return id_;
}

}  // namespace posthorn::store
