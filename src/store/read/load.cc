#include "store/read/load.h"

#include <algorithm>
#include <span>
#include <utility>

#include "async/offload.h"
#include "base/bytes.h"
#include "store/format/codec.h"
#include "store/format/flag_replay.h"
#include "store/format/keys.h"
#include "store/format/outbox_codec.h"
#include "store/format/paged_record.h"
#include "store/format/record.h"
#include "store/read/behind.h"
#include "store/read/contents_builder.h"
#include "store/read/load_sharing.h"

namespace posthorn::store {
namespace {

constexpr std::size_t kRowsAtOnce = 5000;

/// Rows of the mailbox's tail; newer than its pages.
using Tail = std::map<Uid, std::optional<StoredRow>>;

Status add_chunk(ContentsBuilder& builder, Tail::const_iterator& next, const Tail& tail,
                 std::string_view page) {
  return unpack_rows(page, [&](const StoredRow& row) {
    for (; next != tail.end() && next->first < row.member.uid; ++next)
      if (next->second) builder.add(*next->second);
    if (next != tail.end() && next->first == row.member.uid) {
      if (next->second) builder.add(*next->second);
      ++next;
    } else {
      builder.add(row);
    }
  });
}

}  // namespace

async::Task<Status> for_each_row(engine::Engine& engine, PartitionId id, std::string prefix,
                                 std::function<Status(const engine::Row&)> row) {
  const std::string last = keys::after_prefix(prefix);
  std::string from = std::move(prefix);
  for (;;) {
    auto rows = co_await engine.scan(id, from, last, kRowsAtOnce);
    if (!rows) co_return pass(rows);
    for (const engine::Row& r : rows->rows)
      if (Status ok = row(r); !ok) co_return ok;
    if (!rows->next_key) co_return Status{};
    from = *rows->next_key;
  }
}

namespace {

async::Task<Result<Outbox>> load_outbox(engine::Engine& engine, PartitionId id) {
  std::vector<OutboxId> ids;
  std::vector<std::string> values;
  Status ok = co_await for_each_row(engine, id, std::string(keys::kOutbox),
                                    [&](const engine::Row& row) -> Status {
                                      ids.emplace_back(keys::last_number(row.key));
                                      values.push_back(row.value);
                                      return {};
                                    });
  if (!ok) co_return pass(ok);
  const auto records = co_await read_records(engine, id, values);
  Outbox outbox;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!records[i]) co_return std::unexpected(records[i].error());
    auto entry = decode_outbox_entry(ids[i], *records[i]);
    if (!entry) co_return pass(entry);
    if (const auto page = page_of(values[i])) entry->page = *page;
    outbox.emplace(ids[i], std::make_shared<OutboxEntry>(std::move(*entry)));
  }
  co_return outbox;
}

/// Reads the outbox and the records about sending into `state`.
async::Task<Status> load_sending(engine::Engine& engine, PartitionId id, AccountState& state) {
  auto outbox = co_await load_outbox(engine, id);
  if (!outbox) co_return pass(outbox);
  state.outbox = std::make_shared<Outbox>(std::move(*outbox));
  const std::vector<std::string> keys = {keys::usage(), keys::sending()};
  auto rows = co_await engine.get(id, keys);
  if (!rows) co_return pass(rows);
  if ((*rows)[0]) {
    auto usage = decode_usage(*(*rows)[0]);
    if (!usage) co_return pass(usage);
    state.usage = std::move(*usage);
  }
  if ((*rows)[1]) {
    auto sending = decode_sending_settings(*(*rows)[1]);
    if (!sending) co_return pass(sending);
    state.sending = std::make_shared<SendingSettings>(std::move(*sending));
  }
  co_return Status{};
}

/// Reads the annotations into `state`, which has its mailboxes. One that cannot be read is absent
/// until it is set again, so that it costs nothing but itself; check() reports it.
async::Task<Status> load_annotations(engine::Engine& engine, PartitionId id, AccountState& state) {
  auto annotations = std::make_shared<Annotations>();
  Status ok = co_await for_each_row(
      engine, id, std::string(keys::kAnnotations), [&](const engine::Row& row) -> Status {
        const auto key = keys::annotation_of(row.key);
        auto value = unseal(row.value);
        if (!key || !value) return {};
        if (key->mailbox != MailboxId(0) && !state.find(key->mailbox)) return {};
        annotations->set(*key, std::make_shared<const std::string>(*value));
        return {};
      });
  state.annotations = std::move(annotations);
  co_return ok;
}

/// Reads the moves to other accounts that are not finished. Without one that cannot be read, a
/// message may be in two accounts.
async::Task<Status> load_moves(engine::Engine& engine, PartitionId id,
                               std::vector<MoveOut>& moves) {
  return for_each_row(engine, id, std::string(keys::kMovesOut),
                      [&moves](const engine::Row& row) -> Status {
                        auto move = decode_move_out(Seq(keys::last_number(row.key)), row.value);
                        if (move) moves.push_back(std::move(*move));
                        return {};
                      });
}

}  // namespace

namespace {

/// Reads an account that has this version.
async::Task<Result<LoadedAccount>> read_account(engine::Engine& engine, PartitionId id,
                                                engine::PartitionVersion version) {
  auto row = co_await engine.get_row(id, keys::account());
  if (!row) co_return pass(row);
  if (!*row) co_return fail(ErrorKind::not_found, "No such account");
  // The commit that made the account gave it a version. Without one, numbers would be given out
  // again.
  if (version == engine::PartitionVersion{})
    co_return fail(ErrorKind::corrupt, "The version of the account is lost");
  auto counters = decode_counters(**row);
  if (!counters) co_return pass(counters);

  const auto behind = co_await read_behind(engine, id);
  if (!behind) co_return std::unexpected(behind.error());

  auto state = std::make_shared<AccountState>();
  state->id = id;
  state->floor = behind->floor;
  state->seq = version.tail;
  state->version = version;
  state->counters = *counters;
  auto names = std::make_shared<AccountState::Names>();
  auto subscriptions = std::make_shared<AccountState::Subscriptions>();
  std::map<MailboxId, std::shared_ptr<Mailbox>> made;
  std::map<MailboxId, Uid> recent;

  Status ok = co_await for_each_row(engine, id, std::string(keys::kHeads),
                                    [&](const engine::Row& row) -> Status {
                                      auto head = decode_head(row.value);
                                      if (!head) return pass(head);
                                      auto mailbox = std::make_shared<Mailbox>();
                                      mailbox->id = keys::mailbox_of(row.key);
                                      mailbox->head = head->head;
                                      mailbox->tail_rows = head->tail_rows;
                                      mailbox->keywords = std::make_shared<KeywordTable>();
                                      made[mailbox->id] = mailbox;
                                      return {};
                                    });
  if (ok) {
    ok = co_await for_each_row(
        engine, id, std::string(keys::kNames), [&](const engine::Row& row) -> Status {
          auto name = decode_name(row.value);
          if (!name) return pass(name);
          const auto it = made.find(keys::mailbox_of(row.key));
          if (it == made.end()) return fail(ErrorKind::corrupt, "a mailbox has a name and no head");
          it->second->name = name->name;
          it->second->special_use = name->special_use;
          (*names)[name->name] = it->first;
          return {};
        });
  }
  if (ok) {
    ok = co_await for_each_row(engine, id, std::string(keys::kKeywords),
                               [&](const engine::Row& row) -> Status {
                                 auto keywords = decode_keywords(row.value);
                                 if (!keywords) return pass(keywords);
                                 const auto it = made.find(keys::mailbox_of(row.key));
                                 if (it == made.end())
                                   return fail(ErrorKind::corrupt, "a keyword list has no mailbox");
                                 auto table = std::make_shared<KeywordTable>();
                                 for (const std::string& keyword : *keywords)
                                   (void)table->intern_name(keyword);
                                 it->second->keywords = table;
                                 return {};
                               });
  }
  if (ok) {
    ok = co_await for_each_row(engine, id, std::string(keys::kSubscriptions),
                               [&](const engine::Row& row) -> Status {
                                 subscriptions->insert(row.key.substr(1));
                                 return {};
                               });
  }
  if (ok) {
    ok = co_await for_each_row(engine, id, std::string(keys::kRecent),
                               [&](const engine::Row& row) -> Status {
                                 ByteReader r(row.value);
                                 recent[keys::mailbox_of(row.key)] = Uid(r.u32());
                                 return {};
                               });
  }
  if (ok) ok = co_await load_sending(engine, id, *state);
  if (ok) ok = co_await load_sharing(engine, id, *state, made);
  if (!ok) co_return pass(ok);
  for (auto& [mailbox_id, mailbox] : made) {
    if (mailbox->name.empty()) co_return fail(ErrorKind::corrupt, "a mailbox has no name");
    state->mailboxes.set(mailbox_id, mailbox);
  }
  if (ok = co_await load_annotations(engine, id, *state); !ok) co_return pass(ok);
  state->names = std::move(names);
  state->subscriptions = std::move(subscriptions);
  LoadedAccount loaded{std::move(state), std::move(recent), false, {}};
  auto foreign = co_await engine.get_row(id, keys::foreign());
  if (!foreign) co_return pass(foreign);
  loaded.foreign = foreign->has_value();
  ok = co_await load_moves(engine, id, loaded.moves);
  if (!ok) co_return pass(ok);
  co_return loaded;
}

}  // namespace

async::Task<Result<LoadedAccount>> load_account(engine::Engine& engine, PartitionId id) {
  // What is read in several calls belongs together only if nobody has committed meanwhile.
  constexpr int kMaxAttempts = 50;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const auto version = co_await engine.version(id);
    if (!version) co_return std::unexpected(version.error());
    auto loaded = co_await read_account(engine, id, *version);
    const auto now = co_await engine.version(id);
    if (now && now->revision == version->revision) co_return loaded;
    if (!now) co_return std::unexpected(loaded ? now.error() : loaded.error());
  }
  co_return fail(ErrorKind::unavailable,
                 "The account is being changed elsewhere; please try again");
}

namespace {

Status take_chunks(std::string_view record, MailboxStorage& storage) {
  auto chunks = decode_chunks(record);
  if (!chunks) return pass(chunks);
  storage.chunks = std::move(*chunks);
  return {};
}

/// Reads a flag change that is not applied to the rows.
Status take_flag_change(const engine::Row& row, ContentsBuilder& builder, MailboxStorage& storage) {
  auto change = decode_journal(row.value);
  if (!change) return pass(change);
  const Seq seq(keys::last_number(row.key));
  FlagChange added{seq, {}, change->flags.size()};
  for (const JournalRecord::FlagDelta& delta : change->flags)
    added.uids = added.uids.unite(delta.uids);
  storage.flag_changes.push_back(std::make_shared<const FlagChange>(std::move(added)));
  builder.add(seq, *change);
  return {};
}

enum class TailRows : std::uint8_t { pass_over, read };

/// What is stored of a mailbox's contents, not decoded yet.
struct StoredContents {
  MailboxStorage storage;  ///< The chunks only.
  /// The scans of the rows: the list of chunks, the flag changes and the tail.
  std::vector<std::vector<engine::Row>> rows;
  engine::Blobs pages;  ///< Of the chunks.
};

async::Task<Status> read_rows(engine::Engine& engine, PartitionId id, MailboxId mailbox,
                              TailRows tail_rows, StoredContents& stored) {
  if (tail_rows == TailRows::pass_over) {
    auto chunks = co_await engine.get_row(id, keys::chunks(mailbox));
    if (!chunks) co_return pass(chunks);
    co_return *chunks ? take_chunks(**chunks, stored.storage) : Status();
  }
  std::string from = keys::contents(mailbox);
  const std::string last = keys::after_prefix(from);
  for (;;) {
    auto rows = co_await engine.scan(id, from, last, kRowsAtOnce);
    if (!rows) co_return pass(rows);
    for (const engine::Row& row : rows->rows)
      if (keys::kind_of_contents(row.key) == keys::kChunks)
        if (Status ok = take_chunks(row.value, stored.storage); !ok) co_return ok;
    stored.rows.push_back(std::move(rows->rows));
    if (!rows->next_key) co_return Status{};
    from = *rows->next_key;
  }
}

async::Task<Result<StoredContents>> read_stored(engine::Engine& engine, PartitionId id,
                                                MailboxId mailbox, TailRows tail_rows) {
  StoredContents stored;
  Status ok = co_await read_rows(engine, id, mailbox, tail_rows, stored);
  if (!ok) co_return pass(ok);
  std::vector<PageNumber> numbers;
  for (const ChunkRef& chunk : stored.storage.chunks) numbers.push_back(chunk.page);
  if (!numbers.empty()) stored.pages = co_await engine.read_pages(id, std::move(numbers));
  co_return stored;
}

Status take_rows(std::span<const engine::Row> rows, ContentsBuilder& builder,
                 MailboxStorage& storage, Tail& tail) {
  for (const engine::Row& row : rows) {
    const char kind = keys::kind_of_contents(row.key);
    if (kind == keys::kChunks) continue;
    if (kind == keys::kFlagChange) {
      if (Status ok = take_flag_change(row, builder, storage); !ok) return ok;
      continue;
    }
    const Uid uid(keys::uid_of_tail(row.key));
    auto decoded = decode_row(uid, row.value);
    if (!decoded) return pass(decoded);
    tail.emplace_hint(tail.end(), uid, std::move(*decoded));
    storage.tail.add(uid.value);
  }
  return {};
}

/// Decodes what was read; takes long for a large mailbox. Chunks whose page is missing are left out
/// and added to `gone`; if it is null, none may be missing.
Result<LoadedContents> decode_stored(StoredContents stored, const Mailbox& mailbox, ModSeq floor,
                                     std::vector<ChunkRef>* gone) {
  Tail tail;
  MailboxStorage storage = std::move(stored.storage);
  ContentsBuilder builder(mailbox, floor, gone == nullptr ? Trust::whole : Trust::salvaged);
  for (const std::vector<engine::Row>& rows : stored.rows)
    if (Status ok = take_rows(rows, builder, storage, tail); !ok) return pass(ok);
  auto next = tail.cbegin();
  std::vector<ChunkRef> there;
  for (std::size_t i = 0; i < storage.chunks.size(); ++i) {
    // Taken out of the list, so that the page is freed when it is decoded.
    const Result<std::string> page = std::move(stored.pages[i]);
    if (!page && page.error().kind == ErrorKind::not_found) {
      if (gone == nullptr) return fail(ErrorKind::corrupt, "a page of a mailbox's rows is missing");
      gone->push_back(storage.chunks[i]);
      continue;
    }
    if (!page) return std::unexpected(page.error());
    if (Status added = add_chunk(builder, next, tail, *page); !added) return pass(added);
    there.push_back(storage.chunks[i]);
  }
  storage.chunks = std::move(there);
  for (; next != tail.end(); ++next)
    if (next->second) builder.add(*next->second);
  if (!builder.is_ordered()) return fail(ErrorKind::corrupt, "a mailbox's rows are out of order");
  return std::move(builder).finish(std::move(storage));
}

/// Decodes on the pool, or in place if there is none.
async::Task<Result<LoadedContents>> load_rows(engine::Engine& engine, async::OffloadPool* pool,
                                              PartitionId id, const Mailbox& mailbox,
                                              ModSeq floor) {
  // After a checkpoint, only deleted rows are left of the tail, and an engine may take long to skip
  // those.
  const bool packed = mailbox.tail_rows == 0;
  for (TailRows tail_rows = packed ? TailRows::pass_over : TailRows::read;;
       tail_rows = TailRows::read) {
    auto stored = co_await read_stored(engine, id, mailbox.id, tail_rows);
    if (!stored) co_return pass(stored);
    const auto decode = [&] { return decode_stored(std::move(*stored), mailbox, floor, nullptr); };
    auto loaded = pool != nullptr ? co_await async::offload(*pool, decode) : decode();
    // Only the head says that there is no tail. If the head is wrong, that may be wrong too.
    if (!loaded || !loaded->head_differs || tail_rows == TailRows::read) co_return loaded;
  }
}

}  // namespace

async::Task<Result<LoadedContents>> load_contents(engine::Engine& engine, async::OffloadPool& pool,
                                                  PartitionId id, const Mailbox& mailbox,
                                                  ModSeq floor) {
  // The many pages of a large mailbox are asked for on the loop, so that an engine that waits for a
  // disk can read them on several threads. For a mailbox of a few pages, the changes of threads
  // would cost more than that gains, so it is read where it is decoded.
  constexpr std::uint32_t kLarge = 32'000;
  if (mailbox.head.messages >= kLarge) return load_rows(engine, &pool, id, mailbox, floor);
  return async::off_loop(pool, load_rows(engine, nullptr, id, mailbox, floor));
}

async::Task<Result<LoadedContents>> salvage_contents(engine::Engine& engine, PartitionId id,
                                                     const Mailbox& mailbox,
                                                     std::vector<ChunkRef>& gone) {
  auto stored = co_await read_stored(engine, id, mailbox.id, TailRows::read);
  if (!stored) co_return pass(stored);
  co_return decode_stored(std::move(*stored), mailbox, ModSeq(0), &gone);
}

}  // namespace posthorn::store
