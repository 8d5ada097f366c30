#include "store/read/load.h"

#include <array>

#include "base/bytes.h"

#include "store/format/codec.h"
#include "store/format/flag_replay.h"
#include "store/format/keys.h"
#include "store/format/outbox_codec.h"

namespace posthorn::store {
namespace {

constexpr std::size_t kRowsAtOnce = 5000;

/// Rows of the mailbox's tail, newer than its pages.
using Tail = std::map<Uid, std::optional<StoredRow>>;

class ContentsBuilder {
 public:
  explicit ContentsBuilder(const KeywordTable& names)
      : keywords_(std::make_shared<KeywordTable>(names)), editor_(Contents{}) {}

  /// A flag change that is in no row yet; before the rows, in the order of the changes.
  void add(Seq seq, const JournalRecord& change) { replay_.add(seq, change); }
  void add(StoredRow row) {
    replay_.apply(row);
    const std::uint32_t set = row.keywords.empty() ? 0 : keywords_->intern_set(row.keywords);
    editor_.append(row.member, {row.modseq, row.system, set});
  }
  LoadedContents finish(MailboxStorage storage) && {
    return {std::make_shared<Contents>(std::move(editor_).finish()),
            std::make_shared<MailboxStorage>(std::move(storage)), keywords_};
  }

 private:
  std::shared_ptr<KeywordTable> keywords_;
  TreeEditor editor_;
  FlagReplay replay_;
};

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

/// The outbox and what is kept of sending, into `state`.
Status load_sending(engine::Engine& engine, const PartitionId& id, AccountState& state) {
  auto outbox = std::make_shared<Outbox>();
  Status ok = for_each_row(engine, id, "o", [&](const engine::Row& row) -> Status {
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

  auto state = std::make_shared<AccountState>();
  state->seq = *tail;
  state->counters = *counters;
  auto names = std::make_shared<AccountState::Names>();
  auto subscriptions = std::make_shared<AccountState::Subscriptions>();
  std::map<MailboxId, std::shared_ptr<Mailbox>> made;
  std::map<MailboxId, Uid> recent;

  Status ok = for_each_row(engine, id, "h", [&](const engine::Row& row) -> Status {
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
    ok = for_each_row(engine, id, "n", [&](const engine::Row& row) -> Status {
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
    ok = for_each_row(engine, id, "k", [&](const engine::Row& row) -> Status {
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
    ok = for_each_row(engine, id, "s", [&](const engine::Row& row) -> Status {
      subscriptions->insert(row.key.substr(1));
      return {};
    });
  }
  if (ok) {
    ok = for_each_row(engine, id, "q", [&](const engine::Row& row) -> Status {
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

/// A flag change that is in no row yet.
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

/// The list of chunks alone, for a mailbox that has no tail.
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
    if (kind == 'p') return take_chunks(row.value, storage);
    if (kind == 'f') return take_flag_change(row, builder, storage);
    const Uid uid(keys::uid_of_tail(row.key));
    auto decoded = decode_row(uid, row.value);
    if (!decoded) return pass(decoded);
    tail.emplace_hint(tail.end(), uid, std::move(*decoded));
    storage.tail.add(uid.value);
    return {};
  });
}

}  // namespace

Result<LoadedContents> load_contents(engine::Engine& engine, const PartitionId& id,
                                     const Mailbox& mailbox) {
  Tail tail;
  MailboxStorage storage;
  ContentsBuilder builder(*mailbox.keywords);
  // After a checkpoint nothing is left of the tail but what was erased, which an engine may be long
  // in passing over.
  Status ok = mailbox.tail_rows == 0
                  ? read_chunks(engine, id, mailbox.id, storage)
                  : read_chunks_and_tail(engine, id, mailbox.id, builder, storage, tail);
  if (!ok) return pass(ok);
  auto next = tail.cbegin();
  for (const ChunkRef& chunk : storage.chunks) {
    auto page = engine.read_page(id, chunk.page, engine::Tier::may_block);
    if (!page) return pass(page);
    if (Status added = add_chunk(builder, next, tail, *page); !added) return pass(added);
  }
  for (; next != tail.end(); ++next)
    if (next->second) builder.add(*next->second);
  LoadedContents loaded = std::move(builder).finish(std::move(storage));
  if (loaded.contents->count() != mailbox.head.messages)
    return fail(ErrorKind::corrupt, "a mailbox's rows do not match its head");
  return loaded;
}

}  // namespace posthorn::store
