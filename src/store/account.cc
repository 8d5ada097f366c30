#include "store/account.h"

#include <algorithm>
#include <chrono>
#include <random>

#include "async/completion.h"
#include "async/event.h"
#include "base/log.h"
#include "store/change/change_writer.h"
#include "store/change/pipeline.h"
#include "store/change/queue_list.h"
#include "store/change/watch_list.h"
#include "store/change_timer.h"
#include "store/format/codec.h"
#include "store/format/keys.h"
#include "store/format/outbox_codec.h"
#include "store/read/email_catalog.h"
#include "store/read/object_ids.h"
#include "store/removed/removed_mailbox.h"
#include "store/store_state.h"
#include "store/upkeep/maintenance.h"

namespace posthorn::store {
namespace {

/// Conflicts are transient: another process has committed, or a change that this one was computed
/// from failed. With many processes that change one account at the same time, some have to try
/// often; waiting for a random time lets others finish.
constexpr std::chrono::seconds kPatience(10);
constexpr int kLongestPause = 16;  // In milliseconds.

std::chrono::milliseconds pause_before(int attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::chrono::milliseconds(
      std::uniform_int_distribution<int>(0, std::min(attempt, kLongestPause))(random));
}

/// Where others may remove the account's row in the list of outboxes, it is written anew when it is
/// this old, in seconds. They leave rows alone for twice as long (kListedFor).
constexpr std::int64_t kRelisted = 43'200;

constexpr const char* kBusy = "The account is being changed by other sessions; please try again";

}  // namespace

Account::Account(Store& store, AccountId id, async::Loop& home, StatePtr state)
    : store_(store),
      id_(id),
      home_(home),
      published_(state),
      emails_(std::make_unique<EmailCatalog>(store.engine(), id)),
      object_ids_(std::make_unique<ObjectIds>(id, derive_object_id_keys(store.state().key, id),
                                              state->counters)),
      pipeline_(std::make_unique<Pipeline>(home, state)),
      watches_(std::make_shared<WatchList>()),
      given_(state->version.revision) {
  for (const auto& [mailbox, version] : state->mailboxes) note_long_tails(*state, {&mailbox, 1});
}

Account::~Account() = default;

/// The arguments of change() or change_once().
struct Account::Wanted {
  Actor by;
  std::vector<MailboxId> needs;
  ChangeFunction function;
  ChangeWeight weight = ChangeWeight::light;
  std::optional<IntentId> intent = {};
};

async::Task<Result<ChangeReceipt>> Account::change_erased(Actor by, std::vector<MailboxId> needs,
                                                          ChangeFunction function,
                                                          ChangeWeight weight) {
  return enter_and_change({by, std::move(needs), std::move(function), weight});
}

async::Task<Result<ChangeReceipt>> Account::change_once(Actor by, IntentId intent,
                                                        ChangeFunction function) {
  return enter_and_change({by, {}, std::move(function), ChangeWeight::light, intent});
}

async::Task<Result<ChangeReceipt>> Account::enter_and_change(Wanted wanted) {
  const AccountPtr self = shared_from_this();
  async::Loop* const caller = async::Loop::current();
  const ChangeTimer timer;
  co_await home_.enter();
  auto receipt = co_await change_at_home(wanted);
  timer.note(wanted.by, id_, receipt);
  if (caller != nullptr) co_await caller->enter();
  co_return receipt;
}

// How a change runs, always on the home loop:
// 1. The contents it needs are loaded. Loading takes the pipeline's lock itself, so it comes first.
// 2. Under the lock, the change is computed from `working`, the newest computed state. The state
//    need not be durable yet.
// 3. The result becomes `working`, joins `pending`, and goes to the engine. The lock is released
//    before the engine answers, so that the next change can be computed during the disk's sync and
//    join the same batch.
// 4. When the engine reports the commit durable, the state is published and the caller is answered.
//
// If a commit fails, the changes computed from it are invalid too. The engine fails them with a
// conflict, and each runs again from step 1.
async::Task<Result<ChangeReceipt>> Account::change_at_home(const Wanted& wanted) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (int attempt = 0; std::chrono::steady_clock::now() < until; ++attempt) {
    if (attempt > 1) co_await async::sleep_for(pause_before(attempt));
    if (store_.state().closing.load())
      co_return fail(ErrorKind::unavailable, "The server is shutting down");
    for (const MailboxId id : wanted.needs) {
      auto loaded = co_await load_at_home(id);
      if (!loaded && loaded.error().kind != ErrorKind::not_found) co_return pass(loaded);
    }
    co_await pipeline_->lock();
    // The contents may have been dropped between loading and locking.
    const bool ready = std::ranges::all_of(wanted.needs, [&](MailboxId id) {
      const MailboxPtr mailbox = pipeline_->working->find(id);
      return !mailbox || mailbox->contents;
    });
    if (!ready) {
      pipeline_->unlock();
      // An account that has been removed for good cannot load them, however often it tries.
      if (auto level = co_await reload_at_home(Reload::if_moved); !level) co_return pass(level);
      continue;
    }
    auto receipt = co_await attempt_at_home(wanted);
    if (receipt || receipt.error().kind != ErrorKind::conflict) co_return receipt;
  }
  co_return fail(ErrorKind::unavailable, kBusy);
}

async::Task<Result<ChangeReceipt>> Account::attempt_at_home(const Wanted& wanted) {
  // Asked under the lock, so that no other request for the same step can be computed between the
  // question and this change.
  if (wanted.intent) {
    const Result<bool> done = co_await is_done_at_home(*wanted.intent);
    if (!done || *done) {
      pipeline_->unlock();
      if (!done) co_return std::unexpected(done.error());
      // Another process may have done it.
      if (auto level = co_await reload_at_home(Reload::if_moved); !level) co_return pass(level);
      co_return ChangeReceipt{published(), false};
    }
  }
  // A heavy function runs on the offload pool. The lock is held meanwhile, which delays other
  // changes of this account, but it is a coroutine lock: the loop's thread stays free.
  Change draft(pipeline_->working, store_.clock().now(), wanted.by);
  if (wanted.intent) draft.set_intent(*wanted.intent);
  draft.set_node(store_.node());
  PreparedChange prepared;
  bool empty = false;
  const auto compute = [&]() -> Status {
    if (Status ok = wanted.function(draft); !ok) return ok;
    empty = ChangeWriter::is_empty(draft);
    if (!empty) prepared = ChangeWriter::write(draft, id_, store_.state().page_numbers);
    return {};
  };
  Status ready;
  if (wanted.weight == ChangeWeight::heavy) {
    ready = co_await async::offload(store_.offload(), compute);
  } else {
    ready = compute();
  }
  // Before a session can see such a message.
  if (ready && prepared.foreign) object_ids_->note_foreign();
  // The account must be in the queue's list before an entry is durable; otherwise a crash in
  // between would leave mail that a restart does not find.
  if (ready && prepared.outbox_changed && !prepared.next->outbox->empty())
    ready = co_await list_at_home();
  if (!ready || empty) {
    // The change was judged by `working`, which need not be durable yet. "Nothing to do" may only
    // be answered once it is. If another process has committed, the answer may be another.
    pipeline_->unlock();
    const auto moved = co_await reload_at_home(Reload::if_moved);
    if (moved && *moved) co_return fail(ErrorKind::conflict, "the account was changed elsewhere");
    if (!ready) co_return pass(ready);
    co_return ChangeReceipt{published(), false};
  }
  if (draft.restores()) ++pipeline_->restorations;
  const Status committed = co_await commit_at_home(std::move(prepared));
  if (!committed) co_return std::unexpected(committed.error());
  co_return ChangeReceipt{published(), true};
}

namespace {

Status judge_time(std::string_view row) {
  auto when = decode_time(row);
  return when ? Status() : pass(when);
}

}  // namespace

async::Task<Result<bool>> Account::is_done_at_home(const IntentId& intent) {
  // Whether a pending change with this intent succeeds is only known when it has been answered.
  const auto is_same = [&](const StatePtr& state) { return state->intent == intent; };
  if (std::ranges::any_of(pipeline_->pending, is_same)) co_await pipeline_->drained();
  auto row = co_await store_.engine().get_row(id_, keys::intent(intent));
  if (row && !*row) co_return false;
  const Status done = row ? judge_time(**row) : pass(row);
  if (done) co_return true;
  if (done.error().kind != ErrorKind::corrupt) co_return std::unexpected(done.error());
  // An unreadable row proves nothing. Repeating the step may duplicate a message; trusting the row
  // may lose one. The step's commit then rewrites the row.
  log::error(
      "account {}: the record of a finished step for account {} is damaged, so the step is "
      "repeated: {}",
      to_hex(id_), to_hex(intent.from), done.error().text);
  co_return false;
}

async::Task<Status> Account::list_at_home() {
  const std::int64_t now = store_.clock().now().seconds;
  // Another process may remove a row that is older than a day. One that is younger than half a day
  // is still there when this change is committed.
  const bool is_shared = store_.engine().is_shared();
  if (pipeline_->listed && (!is_shared || now < pipeline_->listed_since + kRelisted))
    co_return Status{};
  auto since = co_await async::offload(store_.offload(), [&] {
    return list_outbox(store_.engine(), id_, now, is_shared ? now - kRelisted : INT64_MIN);
  });
  if (!since) co_return pass(since);
  pipeline_->listed = true;
  pipeline_->listed_since = *since;
  co_return Status{};
}

async::Task<Status> Account::unlist_at_home(std::int64_t since) {
  // Another process may have queued something.
  if (Status current = co_await be_current(); !current) co_return current;
  co_await pipeline_->lock();
  // A pending removal of an entry may still fail, and then the entry exists again.
  co_await pipeline_->drained();
  Status done;
  if (published()->outbox->empty()) {
    pipeline_->listed = false;
    done = co_await async::offload(store_.offload(),
                                   [&] { return unlist_outbox(store_.engine(), id_, since); });
  }
  pipeline_->unlock();
  co_return done;
}

async::Task<Status> Account::commit_at_home(PreparedChange prepared) {
  if (lacks_numbers(prepared.commit)) {
    pipeline_->unlock();
    Status ready = co_await store_.state().page_numbers.prepare(store_.offload());
    if (!ready) co_return ready;
    co_return fail(ErrorKind::conflict, "no page numbers were left");  // To be computed again.
  }
  // The lock is released before the commit is handed over, but unlock() only posts the next holder
  // to this loop, and the engine's commit() is called before this coroutine suspends. The engine
  // therefore receives the commits in the order in which they were computed.
  const StatePtr next = prepared.next;
  pipeline_->working = next;
  pipeline_->pending.push_back(next);
  given_.store(next->version.revision);
  pipeline_->unlock();
  using Outcome = Result<engine::PartitionVersion>;
  Outcome done = co_await async::callback<Outcome>(
      [&](auto answer) { store_.engine().commit(std::move(prepared.commit), answer); });
  const auto mine = std::ranges::find(pipeline_->pending, next);
  if (done && mine == pipeline_->pending.end()) {
    // The commit succeeded although one that it was computed from was reported as failed (which
    // cleared `pending`). Only the engine knows the actual state.
    auto reloaded = co_await reload_at_home(Reload::if_moved);
    co_return reloaded ? Status() : pass(reloaded);
  }
  if (done) {
    // The engine answers the commits of a partition in order, so ours is the oldest.
    pipeline_->pending.erase(pipeline_->pending.begin(), mine + 1);
    // Into the cache before publishing: sessions that wake up will fetch these messages at once.
    for (const auto& [ordinal, record] : prepared.emails)
      store_.state().records.put(id_, ordinal, record);
    publish(prepared);
    pipeline_->answer_drained();
    co_return Status{};
  }
  if (mine != pipeline_->pending.end()) {
    // The first failure of a chain. All pending changes were computed from it, directly or
    // indirectly. They fail too, do not find themselves in `pending`, and are computed again. If
    // this is a conflict, another process has committed; after any other failure it may have, and
    // its bell may have been taken for that of this commit.
    fall_back();
    if (done.error().kind != ErrorKind::conflict && store_.engine().is_shared()) {
      // The cluster does not answer, or is full. Whoever waits for this change is not kept any
      // longer. Until there is an answer, other changes are judged by what is known, and are a
      // conflict if it has moved.
      look_again();
      co_return pass(done);
    }
    auto reloaded = co_await reload_at_home(Reload::if_moved);
    if (done.error().kind == ErrorKind::conflict && !reloaded) co_return pass(reloaded);
  }
  co_return pass(done);
}

void Account::fall_back() {
  pipeline_->pending.clear();
  pipeline_->working = published();
  given_.store(pipeline_->working->version.revision);
  pipeline_->answer_drained();
}

namespace {

/// A message that was moved is still there, and what was stored and removed at once is not.
void note_discarded(Store& store, const AccountState& before, const PreparedChange& done) {
  Discarded& discarded = store.state().discarded;
  if (done.ahead_octets != 0) discarded.named(before.id, done.ahead_octets);
  const std::uint64_t could = before.counters.bytes + done.stored_octets;
  const std::uint64_t has = done.next->counters.bytes;
  if (could > has) discarded.expunged(before.id, store.clock().now().seconds, could - has);
}

}  // namespace

// Publishes a durable change. Nobody may hear of it before `published_` shows it, so the
// notifications come after the store; maintenance, which may start another change, comes last.
void Account::publish(const PreparedChange& done) {
  note_long_tails(*done.next, done.touched);
  const StatePtr before = published();
  published_.store(done.next);
  if (!done.touched.empty() || done.names_changed) watches_->notify(done.touched);
  if (!done.touched.empty() || done.outbox_changed) {
    const std::int64_t day = store_.clock().now().seconds / 86400;
    if (std::exchange(pipeline_->due_day, day) != day) store_.note_due(id_);
  }
  if (!done.touched.empty())
    note_ages(store_, *before, *done.next, done.touched, pipeline_->age_days);
  if (done.outbox_changed) store_.tell_outbox(id_);
  note_discarded(store_, *before, done);
  maintain_if_due();
}

void Account::note_long_tails(const AccountState& state, std::span<const MailboxId> touched) {
  for (const MailboxId id : touched) {
    const MailboxPtr mailbox = state.find(id);
    if (mailbox && mailbox->tail_rows > Maintenance::kMaxTailRows) pipeline_->long_tails.insert(id);
  }
}

Uid Account::recent_from(const Mailbox& mailbox, bool claim) {
  // No session opens it read-write, and a message that was removed is not new.
  if (mailbox.id == kRemovedMailbox) return mailbox.head.uid_next;
  const MutexLock lock(recent_mutex_);
  Uid& first = recent_.try_emplace(mailbox.id, Uid(1)).first->second;
  const Uid told = first;
  if (claim && first < mailbox.head.uid_next) {
    first = mailbox.head.uid_next;
    std::string value;
    ByteWriter(value).u32(first.value);
    std::vector<engine::Edit> edits;
    edits.push_back({keys::recent(mailbox.id), std::move(value)});
    store_.engine().hint(id_, std::move(edits));
  }
  return told;
}

std::unique_ptr<Account::Watch> Account::watch(std::vector<MailboxId> mailboxes,
                                               std::function<void()> wake) {
  return watches_->add(std::move(mailboxes), std::move(wake));
}

void Account::maintain_if_due() {
  if (pipeline_->maintaining || store_.state().closing.load()) return;
  if (!Maintenance::is_due(*this)) return;
  pipeline_->maintaining = true;
  HomeShard& shard = *store_.state().shards[store_.state().home_of(id_)];
  shard.background.spawn(Maintenance::run(shared_from_this()));
}

}  // namespace posthorn::store
