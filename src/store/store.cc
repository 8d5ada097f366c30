#include "store/store.h"

#include <algorithm>

#include "async/completion.h"
#include "async/low_priority.h"
#include "async/wait.h"
#include "base/bytes.h"
#include "store/change/change_writer.h"
#include "store/change/pipeline.h"
#include "store/format/codec.h"
#include "store/format/directory_rows.h"
#include "store/format/keys.h"
#include "store/format/record.h"
#include "store/format/system.h"
#include "store/read/behind.h"
#include "store/read/email_catalog.h"
#include "store/read/load.h"
#include "store/read/object_ids.h"
#include "store/store_state.h"
#include "store/upkeep/finish_moves.h"
#include "store/upkeep/hold.h"

namespace posthorn::store {
namespace {

/// Enough for some tens of thousands of addresses and as many profiles.
constexpr std::size_t kDirectoryCacheBytes = 8U << 20;
constexpr std::size_t kSharersCacheBytes = 4U << 20;

/// Never 0.
std::uint64_t random_node() {
  const PartitionId random = random_partition_id();
  return ByteReader(random.view()).u64() | 1U;
}

}  // namespace

Store::State::State(engine::Engine& e, async::LoopPool& l, async::OffloadPool& o, const Clock& c,
                    const StoreOptions& opts)
    : engine(e),
      loops(l),
      offload(o),
      long_work(std::max<std::size_t>(1, o.threads() / 2)),
      clock(c),
      options(opts),
      policy(std::make_shared<const StorePolicy>(opts.policy)),
      page_numbers(e),
      node(e.is_shared() ? random_node() : 0),
      nodes(e, c, node),
      cached_mail(opts.page_cache_bytes),
      pages(cached_mail, opts.page_cache_bytes / 4 * 3),
      records(cached_mail, opts.page_cache_bytes / 8),
      pieces(cached_mail, opts.page_cache_bytes / 8),
      cached_directory(2 * kDirectoryCacheBytes + kSharersCacheBytes),
      addresses(cached_directory, kDirectoryCacheBytes),
      profiles(cached_directory, kDirectoryCacheBytes),
      sharers(cached_directory, kSharersCacheBytes),
      discarded(opts.sweep_grace_seconds) {
  for (std::size_t i = 0; i < loops.size(); ++i) shards.push_back(std::make_unique<HomeShard>());
  (void)background.submit(async::lower_priority_of_this_thread);
}

Store::Store() = default;
Store::~Store() {
  if (state_) state_->engine.listen(nullptr);
}

std::uint64_t Store::node() const { return state_->node; }
NodeList& Store::nodes() const { return state_->nodes; }
bool Store::owns(const AccountId& account) const {
  return state_->node == 0 || state_->nodes.owns(account);
}
engine::Engine& Store::engine() const { return state_->engine; }
const Clock& Store::clock() const { return state_->clock; }
const StoreOptions& Store::options() const { return state_->options; }
async::OffloadPool& Store::offload() const { return state_->offload; }
async::Shares& Store::long_work() const { return state_->long_work; }
StorePolicy Store::policy() const { return *state_->policy.load(); }
void Store::set_policy(const StorePolicy& policy) {
  state_->policy.store(std::make_shared<const StorePolicy>(policy));
  state_->share_watches->notify({});
}

NumberSet Store::note_unreadable(const AccountId& account, const Mailbox& mailbox,
                                 const Unreadable& unreadable) {
  if (!unreadable.why) return {};
  return state_->damage.note_messages(state_->place_of(account, mailbox), unreadable.uids,
                                      *unreadable.why, state_->clock.now().seconds);
}

async::Task<Result<std::string>> Store::piece_key(const AccountId& account) {
  switch (state_->options.piece_sharing) {
    case PieceSharing::server: break;
    case PieceSharing::account: co_return scoped_key(state_->key, "account", account.view());
    case PieceSharing::domain: {
      auto owner = co_await profile(account);
      if (!owner) co_return pass(owner);
      co_return scoped_key(state_->key, "domain",
                           std::string_view(owner->name).substr(owner->name.find('@') + 1));
    }
  }
  co_return state_->key;
}

Result<std::unique_ptr<Store>> Store::open(engine::Engine& engine, async::LoopPool& loops,
                                           async::OffloadPool& offload, const Clock& clock,
                                           const StoreOptions& options) {
  // A command line tool opens its store on a loop, which has nothing else to do.
  const async::OffLoop off;
  auto key = open_system(engine);
  if (!key) return pass(key);
  std::unique_ptr<Store> store(new Store());
  store->state_ = std::make_unique<State>(engine, loops, offload, clock, options);
  store->state_->key = std::move(*key);
  engine.listen([state = store->state_.get()](const engine::Bell& bell) { state->hear(bell); });
  return store;
}

async::Task<Result<AccountPtr>> Store::account(const AccountId& wanted) {
  const AccountId id = wanted;
  async::Loop* const caller = async::Loop::current();
  const std::size_t home = state_->home_of(id);
  if (AccountPtr open = state_->shards[home]->find(id)) co_return open;
  async::Loop& loop = state_->loops.at(home);
  co_await loop.enter();
  auto opened = co_await account_at_home(id, home);
  if (caller != nullptr) co_await caller->enter();
  co_return opened;
}

namespace {

/// Decodes in place, which takes long for an account with thousands of mailboxes.
async::Task<Result<LoadedAccount>> open_partition(engine::Engine& engine, AccountId id) {
  constexpr int kMaxAttempts = 16;
  Status level = co_await bring_level(engine, id, engine.epoch());
  for (int i = 1; i < kMaxAttempts && !level && level.error().kind == ErrorKind::conflict; ++i)
    level = co_await bring_level(engine, id, engine.epoch());
  if (!level) co_return pass(level);
  co_return co_await load_account(engine, id);
}

/// Waits until the account is open that another caller is opening.
struct UntilOpened {
  HomeShard::Opening& opening;
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> h) const { opening.waiting.push_back(h); }
  void await_resume() const {}
};

}  // namespace

async::Task<Result<AccountPtr>> Store::account_at_home(AccountId id, std::size_t home) {
  HomeShard& shard = *state_->shards[home];
  async::Loop& loop = state_->loops.at(home);
  for (;;) {
    if (AccountPtr open = shard.find(id)) co_return open;
    const auto it = shard.opening.find(id);
    if (it == shard.opening.end()) break;
    const auto opening = it->second;
    co_await UntilOpened{*opening};
  }
  const auto opening = std::make_shared<HomeShard::Opening>();
  shard.opening.emplace(id, opening);
  auto loaded = co_await async::off_loop(state_->offload, open_partition(state_->engine, id));
  // The others find the account open, or try to open it themselves.
  const auto let_others_go_on = [&] {
    shard.opening.erase(id);
    for (const auto h : opening->waiting) loop.post([h] { h.resume(); });
  };
  if (!loaded) {
    let_others_go_on();
    co_return pass(loaded);
  }
  auto account = std::make_shared<Account>(*this, id, loop, loaded->state);
  {
    const MutexLock lock(account->recent_mutex_);
    account->recent_ = std::move(loaded->recent);
  }
  if (loaded->foreign) account->object_ids().note_foreign();
  // Before anybody can see that messages are in both accounts.
  if (!loaded->moves.empty()) co_await finish_moves(account, std::move(loaded->moves));
  {
    const MutexLock lock(shard.open_mutex);
    shard.open.emplace(id, account);
  }
  let_others_go_on();
  // Only an open account hears of what others commit; they may have committed since it was read.
  auto level = co_await account->reload_at_home(Account::Reload::if_moved);
  if (!level) {
    shard.close(id);
    co_return pass(level);
  }
  co_return account;
}

// --- directory -----------------------------------------------------------------------------------

namespace {

Status check_address(std::string_view address) {
  constexpr std::size_t kMaxAddress = 320;  // RFC 3696: 64 + 1 + 255.
  if (address.empty() || address.size() > kMaxAddress)
    return fail(ErrorKind::bad_argument, "An address has between 1 and 320 octets");
  for (const char c : address)
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f)
      return fail(ErrorKind::bad_argument,
                  "An address may not contain spaces or control characters");
  return {};
}

async::Task<Result<std::optional<AddressEntry>>> read_address(engine::Engine& engine,
                                                              std::string address) {
  auto row = co_await engine.get_row(directory_partition(directory_shard_of(address)),
                                     keys::address(address));
  if (!row) co_return pass(row);
  if (!*row) co_return std::optional<AddressEntry>();
  auto entry = decode_address(**row);
  if (!entry) co_return pass(entry);
  co_return std::optional(*entry);
}

/// Edits an address's row and erases its cache entry. Blocks.
Status edit_address(
    Store::State& state, const std::string& address,
    const std::function<Result<std::vector<engine::Edit>>(const std::optional<std::string>&)>&
        make) {
  Status edited = edit_row(state.engine, directory_partition(directory_shard_of(address)),
                           keys::address(address), make);
  state.addresses.erase(address);
  return edited;
}

/// `beside` are further edits for the same commit.
Status put_address(Store::State& state, const std::string& address, const AddressEntry& entry,
                   const std::vector<engine::Edit>& beside = {}) {
  return edit_address(
      state, address,
      [&](const std::optional<std::string>& row) -> Result<std::vector<engine::Edit>> {
        if (row) return fail(ErrorKind::already_exists, "The address is already in use");
        std::vector<engine::Edit> edits = beside;
        edits.push_back({keys::address(address), encode_address(entry)});
        return edits;
      });
}

Status drop_address(Store::State& state, const std::string& address,
                    const std::vector<engine::Edit>& beside) {
  return edit_address(
      state, address,
      [&](const std::optional<std::string>& row) -> Result<std::vector<engine::Edit>> {
        if (!row) return fail(ErrorKind::not_found, "No such address");
        std::vector<engine::Edit> edits = beside;
        edits.push_back({keys::address(address), std::nullopt});
        return edits;
      });
}

/// A row that orders the removal of the account's partition, unless this row is removed first.
engine::Edit removal_intent(const AccountId& id, const AccountRemoval& removal) {
  return {keys::removal(id), encode_removal(removal)};
}

struct Standard {
  std::string_view name;
  SpecialUses use;
};
/// The mailboxes of a new account (RFC 6154).
constexpr std::array<Standard, 6> kStandardMailboxes = {{
    {"INBOX", 0},
    {"Archive", bit(SpecialUse::archive)},
    {"Drafts", bit(SpecialUse::drafts)},
    {"Junk", bit(SpecialUse::junk)},
    {"Sent", bit(SpecialUse::sent)},
    {"Trash", bit(SpecialUse::trash)},
}};

}  // namespace

async::Task<Result<std::optional<AddressEntry>>> Store::find_address(std::string_view name) {
  const std::string address = normalize_address(name);
  auto& cache = state_->addresses;
  if (const auto known = cache.find(address)) co_return *known;
  const std::uint64_t erasures = cache.erasures(address);
  auto found = co_await read_address(state_->engine, address);
  if (found && *found)
    cache.put_unless_erased(address, std::make_shared<const AddressEntry>(**found),
                            2 * address.size() + sizeof(AddressEntry) +
                                (*found)->targets.size() * (sizeof(std::string) + address.size()),
                            erasures);
  co_return found;
}

async::Task<Result<AccountProfile>> Store::profile(const AccountId& wanted) {
  const AccountId id = wanted;
  auto& cache = state_->profiles;
  if (const auto known = cache.find(id)) co_return *known;
  const std::uint64_t erasures = cache.erasures(id);
  auto profile = co_await read_profile(state_->engine, id);
  if (profile)
    cache.put_unless_erased(id, std::make_shared<const AccountProfile>(*profile),
                            profile->name.size() + profile->credentials.size() +
                                profile->login_rules.size() + sizeof(AccountProfile),
                            erasures);
  co_return profile;
}

async::Task<Result<AccountId>> Store::create_account(std::string_view name, std::string credentials,
                                                     const Quota& quota) {
  AccountProfile profile;
  profile.name = normalize_address(name);
  profile.credentials = std::move(credentials);
  return create(std::move(profile), quota);
}

async::Task<Result<AccountId>> Store::create_team(std::string_view name, const Quota& quota) {
  AccountProfile profile;
  profile.name = normalize_address(name);
  profile.team = true;
  return create(std::move(profile), quota);
}

async::Task<Result<AccountId>> Store::create(AccountProfile profile, Quota quota) {
  const std::string& address = profile.name;
  co_return co_await async::offload(state_->offload, [&]() -> Result<AccountId> {
    if (Status ok = check_address(address); !ok) return pass(ok);
    auto taken = async::wait(read_address(state_->engine, address));
    if (!taken) return pass(taken);
    if (*taken) return fail(ErrorKind::already_exists, "The address is already in use");
    const Timestamp now = state_->clock.now();
    const AccountId id = random_partition_id();
    auto empty = std::make_shared<AccountState>();
    empty->id = id;
    // Ascending from the time of creation. A mailbox name never gets the same UIDVALIDITY twice,
    // and rarely one that an earlier account of the same name had.
    empty->counters.next_uid_validity = UidValidity(static_cast<std::uint32_t>(now.seconds));
    Change change(empty, now, Actor::administrator());
    for (const Standard& standard : kStandardMailboxes) {
      auto made = change.create_mailbox({std::string(standard.name), standard.use, true});
      if (!made) return pass(made);
    }
    change.set_quota(quota);
    profile.created = now.seconds;
    profile.version = 1;
    change.set_profile(encode_profile(profile));
    if (profile.team) {
      SendingSettings settings;
      settings.team.emplace();
      change.set_sending(std::move(settings));
    }
    PreparedChange prepared = ChangeWriter::write(change, id, state_->page_numbers);
    // A new account is level with the epoch.
    if (const std::uint64_t epoch = state_->engine.epoch(); epoch != 0)
      prepared.commit.edits.push_back({keys::behind(), encode_behind({epoch, ModSeq(0)})});
    // The address row alone makes the account exist, and its commit removes the removal intent
    // written before. After a crash in between, the intent remains and the sweep removes the
    // partition.
    const engine::Edit intent = removal_intent(id, {now.seconds, false, {}});
    Status said = edit_row(state_->engine, directory_partition(directory_shard_of(address)),
                           intent.key, [&](const std::optional<std::string>&) {
                             return Result<std::vector<engine::Edit>>(std::vector{intent});
                           });
    if (!said) return pass(said);
    auto committed = commit_and_wait(state_->engine, std::move(prepared.commit));
    if (!committed) return pass(committed);
    if (Status ok = put_address(*state_, address, {id, false}, {{intent.key, std::nullopt}}); !ok)
      return pass(ok);
    return id;
  });
}

async::Task<Status> Store::add_alias(std::string_view alias, const AccountId& wanted) {
  const std::string address = normalize_address(alias);
  const AccountId id = wanted;
  co_return co_await async::offload(state_->offload, [&]() -> Status {
    if (Status ok = check_address(address); !ok) return ok;
    if (auto exists = async::wait(read_profile(state_->engine, id)); !exists) return pass(exists);
    return put_address(*state_, address, {id, true});
  });
}

async::Task<Status> Store::add_alias(std::string_view alias, std::vector<std::string> targets) {
  const std::string address = normalize_address(alias);
  co_return co_await async::offload(state_->offload, [&]() -> Status {
    if (Status ok = check_address(address); !ok) return ok;
    if (targets.empty() || targets.size() > AddressEntry::kMaxTargets)
      return fail(
          ErrorKind::bad_argument,
          fmt::format("An alias leads to between 1 and {} addresses", AddressEntry::kMaxTargets));
    for (std::string& target : targets) {
      target = normalize_address(target);
      if (Status ok = check_address(target); !ok) return ok;
    }
    return put_address(*state_, address, {{}, true, targets});
  });
}

async::Task<Status> Store::remove_alias(std::string_view alias) {
  const std::string address = normalize_address(alias);
  co_return co_await async::offload(state_->offload, [&]() -> Status {
    auto entry = async::wait(read_address(state_->engine, address));
    if (!entry) return pass(entry);
    if (!*entry || !(*entry)->alias) return fail(ErrorKind::not_found, "No such alias");
    return drop_address(*state_, address, {});
  });
}

async::Task<Status> Store::remove_account(const AccountId& wanted) {
  const AccountId id = wanted;
  auto hold = co_await find_hold(state_->engine, id);
  if (!hold) co_return pass(hold);
  if (*hold)
    co_return fail(ErrorKind::no_permission,
                   "The account is held (posthorn account unhold), so it cannot be removed");
  const auto before = co_await profile(id);
  if (!before) co_return std::unexpected(before.error());
  auto disabled = co_await set_disabled(id, true);
  if (!disabled) co_return disabled;
  std::string primary;
  std::vector<std::string> aliases;
  std::string after;
  for (;;) {
    constexpr std::size_t kAtOnce = 1000;
    auto listed = co_await list_addresses(after, kAtOnce);
    if (!listed) co_return pass(listed);
    for (const Listed& l : *listed) {
      if (l.entry.account != id) continue;
      if (l.entry.alias) {
        aliases.push_back(l.address);
      } else {
        primary = l.address;
      }
    }
    if (listed->size() < kAtOnce) break;
    after = listed->back().address;
  }
  co_return co_await async::offload(state_->offload, [&]() -> Status {
    for (const std::string& alias : aliases)
      if (Status ok = drop_address(*state_, alias, {}); !ok) return ok;
    // The removal intent is written in the same commit that removes the deciding address; the sweep
    // carries it out, unless the account is brought back before (removed_accounts.h).
    const AccountRemoval removal{state_->clock.now().seconds, before->disabled, aliases};
    return drop_address(*state_, primary, {removal_intent(id, removal)});
  });
}

namespace {

/// Decodes and sorts in place.
async::Task<Result<std::vector<Store::Listed>>> read_addresses(engine::Engine& engine,
                                                               std::string after,
                                                               std::size_t limit) {
  std::vector<Store::Listed> all;
  const std::string from = after.empty() ? keys::address("") : keys::address(after) + '\0';
  for (std::uint8_t shard = 0; shard < kDirectoryShards; ++shard) {
    auto rows = co_await engine.scan(directory_partition(shard), from,
                                     keys::after_prefix(keys::kAddresses), limit);
    if (!rows) co_return pass(rows);
    for (const engine::Row& row : rows->rows) {
      auto entry = decode_address(row.value);
      if (!entry) co_return pass(entry);
      all.push_back({row.key.substr(1), *entry});
    }
  }
  std::ranges::sort(all, {}, &Store::Listed::address);
  if (all.size() > limit) all.resize(limit);
  co_return all;
}

}  // namespace

async::Task<Result<std::vector<Store::Listed>>> Store::list_addresses(std::string_view after,
                                                                      std::size_t limit) {
  // Thousands of addresses at a time.
  return async::off_loop(state_->offload,
                         read_addresses(state_->engine, std::string(after), limit));
}

async::Task<void> Store::close() {
  state_->closing.store(true);
  if (const auto search = state_->attachments.load()) search->extractor->stop();
  state_->engine.listen(nullptr);
  async::Loop* const caller = async::Loop::current();
  for (std::size_t i = 0; i < state_->shards.size(); ++i) {
    co_await state_->loops.at(i).enter();
    HomeShard& shard = *state_->shards[i];
    co_await shard.background.wait_empty();
    std::unordered_map<AccountId, AccountPtr> open;
    {
      const MutexLock lock(shard.open_mutex);
      open.swap(shard.open);
    }
    for (const auto& [id, account] : open) co_await account->pipeline_->drained();
  }
  if (caller != nullptr) co_await caller->enter();
}

}  // namespace posthorn::store
