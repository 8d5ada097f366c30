#include "store/read/load.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "store/format/codec.h"
#include "store/format/flag_replay.h"
#include "store/format/keys.h"
#include "store/format/outbox_codec.h"
#include "store/read/behind.h"
#include "store/read/contents_builder.h"

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

Status for_each_row(engine::Engine& engine, const PartitionId& id, std::string_view prefix,
                    const std::function<Status(const engine::Row&)>& row) {
  const std::string last = keys::after_prefix(prefix);
  std::string from(prefix);
  for (;;) {
    auto rows = engine.scan(id, from, last, kRowsAtOnce, engine::Tier::may_block);
    if (!rows) return pass(rows);
    for (const engine::Row& r : rows->rows)
      if (Status ok = row(r); !ok) return ok;
    if (!rows->next_key) return {};
    from = *rows->next_key;
  }
}

namespace {

/// Reads the outbox and the records about sending into `state`.
Status load_sending(engine::Engine& engine, const PartitionId& id, AccountState& state) {
  auto outbox = std::make_shared<Outbox>();
  Status ok = for_each_row(engine, id, keys::kOutbox, [&](const engine::Row& row) -> Status {
    auto entry = read_outbox_entry(engine, id, row);
    if (!entry) return pass(entry);
    const OutboxId entry_id = entry->id;
    outbox->emplace(entry_id, std::make_shared<OutboxEntry>(std::move(*entry)));
    return {};
  });
  if (!ok) return ok;
  state.outbox = std::move(outbox);
  const std::array<std::string, 2> keys = {keys::usage(), keys::sending()};
  auto rows = engine.get(id, keys, engine::Tier::may_block);
  if (!rows) return pass(rows);
  if ((*rows)[0]) {
    auto usage = decode_usage(*(*rows)[0]);
    if (!usage) return pass(usage);
    state.usage = std::move(*usage);
  }
  if ((*rows)[1]) {
    auto sending = decode_sending_settings(*(*rows)[1]);
    if (!sending) return pass(sending);
    state.sending = std::make_shared<SendingSettings>(std::move(*sending));
  }
  return {};
}

}  // namespace

Result<LoadedAccount> load_account(engine::Engine& engine, const PartitionId& id) {
  auto tail = engine.tail(id, engine::Tier::may_block);
  if (!tail) return pass(tail);
  const std::string key = keys::account();
  auto rows = engine.get(id, std::span(&key, 1), engine::Tier::may_block);
  if (!rows) return pass(rows);
  if (!rows->front()) return fail(ErrorKind::not_found, "No such account");
  auto counters = decode_counters(*rows->front());
  if (!counters) return pass(counters);

  const auto behind = read_behind(engine, id);
  if (!behind) return std::unexpected(behind.error());

  auto state = std::make_shared<AccountState>();
  state->floor = behind->floor;
  state->seq = *tail;
  state->counters = *counters;
  auto names = std::make_shared<AccountState::Names>();
  auto subscriptions = std::make_shared<AccountState::Subscriptions>();
  std::map<MailboxId, std::shared_ptr<Mailbox>> made;
  std::map<MailboxId, Uid> recent;

  Status ok = for_each_row(engine, id, keys::kHeads, [&](const engine::Row& row) -> Status {
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
    ok = for_each_row(engine, id, keys::kNames, [&](const engine::Row& row) -> Status {
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
    ok = for_each_row(engine, id, keys::kKeywords, [&](const engine::Row& row) -> Status {
      auto keywords = decode_keywords(row.value);
      if (!keywords) return pass(keywords);
      const auto it = made.find(keys::mailbox_of(row.key));
      if (it == made.end()) return fail(ErrorKind::corrupt, "a keyword list has no mailbox");
      auto table = std::make_shared<KeywordTable>();
      for (const std::string& keyword : *keywords) (void)table->intern_name(keyword);
      it->second->keywords = table;
      return {};
    });
  }
  if (ok) {
    ok = for_each_row(engine, id, keys::kSubscriptions, [&](const engine::Row& row) -> Status {
      subscriptions->insert(row.key.substr(1));
      return {};
    });
  }
  if (ok) {
    ok = for_each_row(engine, id, keys::kRecent, [&](const engine::Row& row) -> Status {
      ByteReader r(row.value);
      recent[keys::mailbox_of(row.key)] = Uid(r.u32());
      return {};
    });
  }
  if (ok) ok = load_sending(engine, id, *state);
  if (!ok) return pass(ok);
  for (auto& [mailbox_id, mailbox] : made) {
    if (mailbox->name.empty()) return fail(ErrorKind::corrupt, "a mailbox has no name");
    state->mailboxes.set(mailbox_id, mailbox);
  }
  state->names = std::move(names);
  state->subscriptions = std::move(subscriptions);
  return LoadedAccount{std::move(state), std::move(recent)};
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

/// Reads only the list of chunks, for a mailbox without a tail.
Status read_chunks(engine::Engine& engine, const PartitionId& id, MailboxId mailbox,
                   MailboxStorage& storage) {
  const std::string key = keys::chunks(mailbox);
  auto rows = engine.get(id, std::span(&key, 1), engine::Tier::may_block);
  if (!rows) return pass(rows);
  return rows->front() ? take_chunks(*rows->front(), storage) : Status();
}

Status read_chunks_and_tail(engine::Engine& engine, const PartitionId& id, MailboxId mailbox,
                            ContentsBuilder& builder, MailboxStorage& storage, Tail& tail) {
  return for_each_row(engine, id, keys::contents(mailbox), [&](const engine::Row& row) -> Status {
    const char kind = keys::kind_of_contents(row.key);
    if (kind == keys::kChunks) return take_chunks(row.value, storage);
    if (kind == keys::kFlagChange) return take_flag_change(row, builder, storage);
    const Uid uid(keys::uid_of_tail(row.key));
    auto decoded = decode_row(uid, row.value);
    if (!decoded) return pass(decoded);
    tail.emplace_hint(tail.end(), uid, std::move(*decoded));
    storage.tail.add(uid.value);
    return {};
  });
}

enum class TailRows : std::uint8_t { pass_over, read };

/// Chunks whose page is missing are left out and added to `gone`; if it is null, none may be
/// missing.
Result<LoadedContents> load_rows(engine::Engine& engine, const PartitionId& id,
                                 const Mailbox& mailbox, ModSeq floor, TailRows tail_rows,
                                 std::vector<ChunkRef>* gone) {
  Tail tail;
  MailboxStorage storage;
  ContentsBuilder builder(mailbox, floor, gone == nullptr ? Trust::whole : Trust::salvaged);
  Status ok = tail_rows == TailRows::pass_over
                  ? read_chunks(engine, id, mailbox.id, storage)
                  : read_chunks_and_tail(engine, id, mailbox.id, builder, storage, tail);
  if (!ok) return pass(ok);
  auto next = tail.cbegin();
  std::vector<ChunkRef> there;
  for (const ChunkRef& chunk : storage.chunks) {
    auto page = engine.read_page(id, chunk.page, engine::Tier::may_block);
    if (!page && page.error().kind == ErrorKind::not_found) {
      if (gone == nullptr) return fail(ErrorKind::corrupt, "a page of a mailbox's rows is missing");
      gone->push_back(chunk);
      continue;
    }
    if (!page) return pass(page);
    if (Status added = add_chunk(builder, next, tail, *page); !added) return pass(added);
    there.push_back(chunk);
  }
  storage.chunks = std::move(there);
  for (; next != tail.end(); ++next)
    if (next->second) builder.add(*next->second);
  if (!builder.is_ordered()) return fail(ErrorKind::corrupt, "a mailbox's rows are out of order");
  return std::move(builder).finish(std::move(storage));
}

}  // namespace

Result<LoadedContents> load_contents(engine::Engine& engine, const PartitionId& id,
                                     const Mailbox& mailbox, ModSeq floor) {
  // After a checkpoint, only deleted rows are left of the tail, and an engine may take long to skip
  // those.
  const bool packed = mailbox.tail_rows == 0;
  auto loaded =
      load_rows(engine, id, mailbox, floor, packed ? TailRows::pass_over : TailRows::read, nullptr);
  // Only the head says that there is no tail. If the head is wrong, that may be wrong too.
  if (loaded && loaded->head_differs && packed)
    return load_rows(engine, id, mailbox, floor, TailRows::read, nullptr);
  return loaded;
}

Result<LoadedContents> salvage_contents(engine::Engine& engine, const PartitionId& id,
                                        const Mailbox& mailbox, std::vector<ChunkRef>& gone) {
  return load_rows(engine, id, mailbox, ModSeq(0), TailRows::read, &gone);
}

}  // namespace posthorn::store
