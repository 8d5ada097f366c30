#include "store/account.h"

#include <algorithm>

#include "async/completion.h"
#include "base/log.h"
#include "store/change/change_writer.h"
#include "store/change/pipeline.h"
#include "store/change/queue_list.h"
#include "store/change/watch_list.h"
#include "store/change_timer.h"
#include "store/format/codec.h"
#include "store/format/keys.h"
#include "store/format/outbox_codec.h"
#include "store/format/paged_record.h"
#include "store/read/email_catalog.h"
#include "store/read/load.h"
#include "store/read/load_readable.h"
#include "store/read/object_ids.h"
#include "store/store_state.h"
#include "store/upkeep/damage_log.h"
#include "store/upkeep/maintenance.h"

namespace posthorn::store {
namespace {

/// Conflicts are transient: another writer advanced the tail, or a change that this one was
/// computed from failed. This many attempts are plenty.
constexpr int kMaxAttempts = 16;

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
      watches_(std::make_shared<WatchList>()) {
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
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
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
      continue;
    }
    auto receipt = co_await attempt_at_home(wanted);
    if (receipt || receipt.error().kind != ErrorKind::conflict) co_return receipt;
  }
  co_return fail(ErrorKind::unavailable,
                 "The account is being changed by other sessions; please try again");
}

async::Task<Result<ChangeReceipt>> Account::attempt_at_home(const Wanted& wanted) {
  // Asked under the lock, so that no other request for the same step can be computed between the
  // question and this change.
  if (wanted.intent) {
    const Result<bool> done = co_await is_done_at_home(*wanted.intent);
    if (!done || *done) {
      pipeline_->unlock();
      if (!done) co_return std::unexpected(done.error());
      co_return ChangeReceipt{published(), false};
    }
  }
  // A heavy function runs on the offload pool. The lock is held meanwhile, which delays other
  // changes of this account, but it is a coroutine lock: the loop's thread stays free.
  Change draft(pipeline_->working, store_.clock().now(), wanted.by);
  if (wanted.intent) draft.set_intent(*wanted.intent);
  PreparedChange prepared;
  bool empty = false;
  const auto compute = [&]() -> Status {
    if (Status ok = wanted.function(draft); !ok) return ok;
    empty = ChangeWriter::is_empty(draft);
    if (!empty) prepared = ChangeWriter::write(draft, id_);
    return {};
  };
  Status ready;
  if (wanted.weight == ChangeWeight::heavy) {
    ready = co_await async::offload(store_.offload(), compute);
  } else {
    ready = compute();
  }
  // The account must be in the queue's list before an entry is durable; otherwise a crash in
  // between would leave mail that a restart does not find.
  if (ready && prepared.outbox_changed && !prepared.next->outbox->empty())
    ready = co_await list_at_home();
  if (!ready) {
    pipeline_->unlock();
    co_return pass(ready);
  }
  if (empty) {
    // The change was judged by `working`, which need not be durable yet. "Nothing to do" may only
    // be answered once it is.
    pipeline_->unlock();
    co_await pipeline_->drained();
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
  if (pipeline_->listed) co_return Status{};
  const std::int64_t now = store_.clock().now().seconds;
  Status done = co_await async::offload(store_.offload(),
                                        [&] { return list_outbox(store_.engine(), id_, now); });
  if (done) pipeline_->listed = true;
  co_return done;
}

async::Task<Status> Account::unlist_at_home() {
  co_await pipeline_->lock();
  // A pending removal of an entry may still fail, and then the entry exists again.
  co_await pipeline_->drained();
  Status done;
  if (published()->outbox->empty()) {
    pipeline_->listed = false;
    done = co_await async::offload(store_.offload(),
                                   [&] { return unlist_outbox(store_.engine(), id_); });
  }
  pipeline_->unlock();
  co_return done;
}

async::Task<Status> Account::commit_at_home(PreparedChange prepared) {
  // The lock is released before the commit is handed over, but unlock() only posts the next holder
  // to this loop, and the engine's commit() is called before this coroutine suspends. The engine
  // therefore receives the commits in the order in which they were computed.
  const StatePtr next = prepared.next;
  // If no commit of ours is pending, a conflict cannot come from a failed predecessor. It then
  // means that another writer has moved the tail.
  const bool alone = pipeline_->pending.empty();
  pipeline_->working = next;
  pipeline_->pending.push_back(next);
  pipeline_->unlock();
  Result<Seq> done = co_await async::callback<Result<Seq>>(
      [&](auto answer) { store_.engine().commit(std::move(prepared.commit), answer); });
  const auto mine = std::ranges::find(pipeline_->pending, next);
  if (done && mine == pipeline_->pending.end()) {
    // The commit succeeded although one that it was computed from was reported as failed (which
    // cleared `pending`). Only the engine knows the actual state.
    co_return co_await reload_at_home();
  }
  if (done) {
    // The engine answers the commits of a partition in order, so ours is the oldest.
    pipeline_->pending.erase(pipeline_->pending.begin(), mine + 1);
    // Into the cache before publishing: sessions that wake up will fetch these messages at once.
    for (const auto& [ordinal, record] : prepared.emails) {
      const std::size_t bytes = record->keys.size() + record->structure.size() +
                                record->header.size() + record->body.size();
      store_.state().records.put({id_, ordinal.value}, record, bytes);
    }
    publish(prepared);
    pipeline_->answer_drained();
    co_return Status{};
  }
  if (mine != pipeline_->pending.end()) {
    // The first failure of a chain. All pending changes were computed from it, directly or
    // indirectly. They fail too, do not find themselves in `pending`, and are computed again.
    pipeline_->pending.clear();
    pipeline_->working = published();
    pipeline_->answer_drained();
    if (done.error().kind == ErrorKind::conflict && alone) {
      if (Status ok = co_await reload_at_home(); !ok) co_return ok;
    }
  }
  co_return pass(done);
}

// Publishes a durable change. Nobody may hear of it before `published_` shows it, so the
// notifications come after the store; maintenance, which may start another change, comes last.
void Account::publish(const PreparedChange& done) {
  note_long_tails(*done.next, done.touched);
  published_.store(done.next);
  if (!done.touched.empty() || done.names_changed) watches_->notify(done.touched);
  if (!done.touched.empty() || done.outbox_changed) {
    const std::int64_t day = store_.clock().now().seconds / 86400;
    if (std::exchange(pipeline_->due_day, day) != day) store_.note_due(id_);
  }
  if (done.outbox_changed) store_.tell_outbox(id_);
  maintain_if_due();
}

void Account::note_long_tails(const AccountState& state, std::span<const MailboxId> touched) {
  for (const MailboxId id : touched) {
    const MailboxPtr mailbox = state.find(id);
    if (mailbox && mailbox->tail_rows > Maintenance::kMaxTailRows) pipeline_->long_tails.insert(id);
  }
}

// Replaces the state by what the engine has, after a failure that leaves the actual state unknown.
// Watchers of all mailboxes are woken, since any of them may differ.
async::Task<Status> Account::reload_at_home() {
  co_await pipeline_->lock();
  co_await pipeline_->drained();
  auto loaded = co_await async::off_loop(store_.offload(), load_account(store_.engine(), id_));
  if (loaded) {
    std::vector<MailboxId> touched;
    for (const auto& [id, mailbox] : loaded->state->mailboxes) touched.push_back(id);
    pipeline_->working = loaded->state;
    note_long_tails(*loaded->state, touched);
    emails_->forget();
    published_.store(loaded->state);
    watches_->notify(touched);
    if (!loaded->state->outbox->empty()) store_.tell_outbox(id_);
  }
  pipeline_->unlock();
  if (!loaded) co_return pass(loaded);
  co_return Status{};
}

async::Task<Result<MailboxPtr>> Account::load(MailboxId mailbox) {
  if (const MailboxPtr known = published()->find(mailbox); known && known->contents)
    co_return known;
  const AccountPtr self = shared_from_this();
  async::Loop* const caller = async::Loop::current();
  co_await home_.enter();
  auto loaded = co_await load_at_home(mailbox);
  if (caller != nullptr) co_await caller->enter();
  co_return loaded;
}

async::Task<Result<MailboxPtr>> Account::load_at_home(MailboxId id) {
  if (const MailboxPtr known = pipeline_->working->find(id); known && known->contents) {
    // If the contents are known in `working`, they are published as soon as the pending commits
    // are. (A mailbox that was just created is not in `published` before that.)
    if (const MailboxPtr there = published()->find(id); there && there->contents) co_return there;
    co_await pipeline_->drained();
    if (const MailboxPtr there = published()->find(id); there && there->contents) co_return there;
  }
  // The lock keeps new changes away, and drained() waits for the pending ones: the rows that are
  // read must be those of `working`, and publishing `working` with the contents must not publish a
  // change that is not durable.
  co_await pipeline_->lock();
  co_await pipeline_->drained();
  const StatePtr base = pipeline_->working;
  const MailboxPtr mailbox = base->find(id);
  if (!mailbox || mailbox->contents) {
    pipeline_->unlock();
    if (mailbox) co_return mailbox;
    co_return fail(ErrorKind::not_found, "No such mailbox");
  }
  auto loaded =
      co_await load_contents(store_.engine(), store_.offload(), id_, *mailbox, base->floor);
  if (!loaded) {
    pipeline_->unlock();
    if (is_damage(loaded.error().kind))
      store_.state().damage.note_mailbox(
          store_.state().place_of(id_, *mailbox),
          "it cannot be opened (run posthorn check to see which messages are lost)", loaded.error(),
          store_.clock().now().seconds);
    co_return pass(loaded);
  }
  MailboxPtr full = take_contents(*mailbox, std::move(*loaded));
  pipeline_->unlock();
  co_return full;
}

MailboxPtr Account::take_contents(const Mailbox& mailbox, LoadedContents loaded) {
  auto full = std::make_shared<Mailbox>(mailbox);
  full->contents = std::move(loaded.contents);
  full->storage = std::move(loaded.storage);
  full->keywords = std::move(loaded.keywords);
  full->tail_rows = full->storage->tail_rows();
  auto state = std::make_shared<AccountState>(*pipeline_->working);
  if (loaded.head_differs) {
    const std::string what = fmt::format(
        "its rows do not match its head, which has {} messages, {} unseen, UIDNEXT {}; "
        "the rows have {} messages, {} unseen, UIDNEXT {}",
        mailbox.head.messages, mailbox.head.unseen, mailbox.head.uid_next.value,
        loaded.head.messages, loaded.head.unseen, loaded.head.uid_next.value);
    store_.state().damage.note_mailbox(store_.state().place_of(id_, mailbox), what,
                                       {ErrorKind::corrupt, "corrected"},
                                       store_.clock().now().seconds);
    full->head = loaded.head;
    full->head_rebuilt = true;
  }
  state->mailboxes.set(mailbox.id, full);
  if (loaded.head_differs) state->count_again();
  pipeline_->working = state;
  published_.store(state);
  return full;
}

async::Task<Result<Account::Readable>> Account::load_readable(MailboxId mailbox) {
  const AccountPtr self = shared_from_this();
  async::Loop* const caller = async::Loop::current();
  co_await home_.enter();
  auto loaded = co_await load_readable_at_home(mailbox);
  if (caller != nullptr) co_await caller->enter();
  co_return loaded;
}

async::Task<Result<Account::Readable>> Account::load_readable_at_home(MailboxId id) {
  co_await pipeline_->lock();
  co_await pipeline_->drained();
  const MailboxPtr mailbox = pipeline_->working->find(id);
  if (!mailbox || mailbox->contents) {
    pipeline_->unlock();
    if (mailbox) co_return Readable{mailbox, {}};
    co_return fail(ErrorKind::not_found, "No such mailbox");
  }
  auto loaded = co_await async::offload(store_.offload(), [&] {
    return load_readable_contents(store_.engine(), id_, *mailbox, pipeline_->working->floor);
  });
  if (!loaded) {
    pipeline_->unlock();
    co_return pass(loaded);
  }
  Readable out;
  out.damage = std::move(loaded->damage);
  out.mailbox = take_contents(*mailbox, std::move(loaded->loaded));
  pipeline_->unlock();
  co_return out;
}

async::Task<Status> Account::forget_contents() {
  const AccountPtr self = shared_from_this();
  async::Loop* const caller = async::Loop::current();
  co_await home_.enter();
  Status done = co_await reload_at_home();
  if (caller != nullptr) co_await caller->enter();
  co_return done;
}

namespace {

/// Reads what changes from `since` (not included) to `newest` expunged. Decodes in place.
async::Task<Result<Account::Expunged>> read_expunged(engine::Engine& engine, PartitionId id,
                                                     MailboxId mailbox, ModSeq since, Seq newest) {
  Account::Expunged out;
  auto horizon = co_await engine.get_row(id, keys::horizon());
  if (!horizon) co_return pass(horizon);
  if (*horizon && since.value < ByteReader(**horizon).u64()) out.complete = false;
  if (!out.complete) co_return out;
  std::string from = keys::journal(mailbox, Seq(since.value + 1));
  const std::string last = keys::journal(mailbox, Seq(newest.value + 1));
  std::vector<NumberSet::Range> gone;
  for (;;) {
    constexpr std::size_t kRowsAtOnce = 1000;
    auto rows = co_await engine.scan(id, from, last, kRowsAtOnce);
    if (!rows) co_return pass(rows);
    std::vector<std::string> values;
    for (engine::Row& row : rows->rows) values.push_back(std::move(row.value));
    const auto records = co_await read_records(engine, id, std::move(values));
    for (const auto& record : records) {
      if (!record) co_return std::unexpected(record.error());
      auto journal = decode_journal(*record);
      if (!journal) co_return pass(journal);
      for (const StoredRow& message : journal->expunged)
        gone.push_back({message.member.uid.value, message.member.uid.value});
    }
    if (!rows->next_key) break;
    from = *rows->next_key;
  }
  out.uids = NumberSet::from_ranges(std::move(gone));
  co_return out;
}

}  // namespace

async::Task<Result<Account::Expunged>> Account::expunged_since(MailboxId mailbox, ModSeq since) {
  const AccountPtr self = shared_from_this();
  const Seq newest = published()->seq;
  if (since < published()->floor) co_return Expunged{{}, false};
  // Of an account with a long history, thousands of records are decoded.
  co_return co_await async::off_loop(store_.offload(),
                                     read_expunged(store_.engine(), id_, mailbox, since, newest));
}

Uid Account::recent_from(const Mailbox& mailbox, bool claim) {
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
