#include "async/offload.h"
#include "base/bytes.h"
#include "store/account.h"
#include "store/change/pipeline.h"
#include "store/format/codec.h"
#include "store/format/keys.h"
#include "store/format/paged_record.h"
#include "store/read/load.h"
#include "store/read/load_readable.h"
#include "store/store_state.h"
#include "store/upkeep/damage_log.h"

// How the contents of an account's mailboxes, and its history, are read.
namespace posthorn::store {
namespace {

/// How often contents are read again because another process has committed meanwhile.
constexpr int kMaxReads = 20;
constexpr const char* kBusy = "The account is being changed by other sessions; please try again";

}  // namespace

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
  for (int read = 0; read < kMaxReads; ++read) {
    auto full = co_await read_contents_at_home(id);
    if (full || full.error().kind != ErrorKind::conflict) co_return full;
    auto reloaded = co_await reload_at_home(Reload::if_moved);
    if (!reloaded) co_return pass(reloaded);
  }
  co_return fail(ErrorKind::unavailable, kBusy);
}

async::Task<Result<MailboxPtr>> Account::read_contents_at_home(MailboxId id) {
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
  if (const Status same = co_await still_is(base->version); !same) {
    pipeline_->unlock();
    co_return std::unexpected(same.error());
  }
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

// Another process may have committed while something was read. Then it may have been read in part
// from another version, and what could not be read may be elsewhere.
async::Task<Status> Account::still_is(engine::PartitionVersion version) {
  const auto now = co_await store_.engine().version(id_);
  if (!now) co_return std::unexpected(now.error());
  if (now->revision == version.revision) co_return Status{};
  co_return fail(ErrorKind::conflict, "the account was changed while it was read");
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
  for (int read = 0; read < kMaxReads; ++read) {
    auto out = co_await read_readable_at_home(id);
    if (out || out.error().kind != ErrorKind::conflict) co_return out;
    auto reloaded = co_await reload_at_home(Reload::if_moved);
    if (!reloaded) co_return pass(reloaded);
  }
  co_return fail(ErrorKind::unavailable, kBusy);
}

async::Task<Result<Account::Readable>> Account::read_readable_at_home(MailboxId id) {
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
  const Status same = co_await still_is(pipeline_->working->version);
  if (!loaded || !same) {
    pipeline_->unlock();
    co_return std::unexpected(same ? loaded.error() : same.error());
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
  auto done = co_await reload_at_home(Reload::always);
  if (caller != nullptr) co_await caller->enter();
  if (!done) co_return pass(done);
  co_return Status{};
}

namespace {

/// Whether the history reaches back to `since`.
async::Task<Result<bool>> reaches_back(engine::Engine& engine, PartitionId id, ModSeq since) {
  auto horizon = co_await engine.get_row(id, keys::horizon());
  if (!horizon) co_return pass(horizon);
  co_return !*horizon || since.value >= ByteReader(**horizon).u64();
}

/// Reads what changes from `since` (not included) to `newest` expunged. Decodes in place.
async::Task<Result<Account::Expunged>> read_expunged(engine::Engine& engine, PartitionId id,
                                                     MailboxId mailbox, ModSeq since, Seq newest) {
  auto complete = co_await reaches_back(engine, id, since);
  if (!complete) co_return pass(complete);
  if (!*complete) co_return Account::Expunged{{}, false};
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
  // Again, since some of it may have been dropped meanwhile.
  complete = co_await reaches_back(engine, id, since);
  if (!complete) co_return pass(complete);
  if (!*complete) co_return Account::Expunged{{}, false};
  co_return Account::Expunged{NumberSet::from_ranges(std::move(gone)), true};
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

}  // namespace posthorn::store
