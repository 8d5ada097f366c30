#include "store/nodes/known_contents.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "store/format/codec.h"
#include "store/format/flag_replay.h"
#include "store/format/keys.h"
#include "store/format/mailbox_storage.h"
#include "store/read/load.h"

namespace posthorn::store {
namespace {

bool same_head(const MailboxHead& a, const MailboxHead& b) {
  return a.uid_validity == b.uid_validity && a.uid_next == b.uid_next &&
         a.highest_modseq == b.highest_modseq && a.messages == b.messages && a.unseen == b.unseen &&
         a.deleted == b.deleted && a.bytes == b.bytes && a.deleted_bytes == b.deleted_bytes;
}

/// Brings the contents of a mailbox up to date. Its pages are the same as before, so that whatever
/// differs is in the rows besides them: those of the tail, and flag changes.
class Following {
 public:
  Following(const Mailbox& known, const Mailbox& now, ModSeq floor)
      : known_(known), now_(now), floor_(floor), editor_(*known.contents) {}

  Status take(const engine::Row& row) {
    switch (keys::kind_of_contents(row.key)) {
      case keys::kChunks: return take_chunks(row.value);
      case keys::kFlagChange: return take_flag_change(row);
      default: return take_tail_row(row);
    }
  }

  /// Returns null if it cannot be done.
  std::shared_ptr<Mailbox> finish() && {
    if (storage_.chunks != known_.storage->chunks || !take_keywords()) return nullptr;
    apply();
    auto mailbox = std::make_shared<Mailbox>(now_);
    auto contents = std::make_shared<Contents>(std::move(editor_).finish());
    if (contents->count() != now_.head.messages) return nullptr;
    mailbox->contents = std::move(contents);
    mailbox->keywords = keywords_;
    mailbox->tail_rows = storage_.tail_rows();
    mailbox->storage = std::make_shared<MailboxStorage>(std::move(storage_));
    return mailbox;
  }

 private:
  Status take_chunks(std::string_view record) {
    auto chunks = decode_chunks(record);
    if (!chunks) return pass(chunks);
    storage_.chunks = std::move(*chunks);
    return {};
  }

  Status take_flag_change(const engine::Row& row) {
    auto change = decode_journal(row.value);
    if (!change) return pass(change);
    const Seq seq(keys::last_number(row.key));
    FlagChange added{seq, {}, change->flags.size()};
    for (const JournalRecord::FlagDelta& delta : change->flags)
      added.uids = added.uids.unite(delta.uids);
    changed_ = changed_.unite(added.uids);
    storage_.flag_changes.push_back(std::make_shared<const FlagChange>(std::move(added)));
    replay_.add(seq, *change);
    return {};
  }

  Status take_tail_row(const engine::Row& row) {
    const Uid uid(keys::uid_of_tail(row.key));
    auto decoded = decode_row(uid, row.value);
    if (!decoded) return pass(decoded);
    storage_.tail.add(uid.value);
    tail_.emplace_hint(tail_.end(), uid, std::move(*decoded));
    return {};
  }

  /// The numbers of keywords and of sets stay those that the contents refer to.
  bool take_keywords() {
    const auto& before = known_.keywords->names();
    const auto& names = now_.keywords->names();
    if (before.size() > names.size() || !std::equal(before.begin(), before.end(), names.begin()))
      return false;
    keywords_ = std::make_shared<KeywordTable>(*known_.keywords);
    for (std::size_t i = before.size(); i < names.size(); ++i)
      if (!keywords_->intern_name(names[i])) return false;
    return true;
  }

  void apply() {
    const Members& members = known_.contents->members();
    const Uid last = members.count() == 0 ? Uid(0) : members.last_uid();
    changed_ = changed_.unite(storage_.tail);
    std::vector<std::uint32_t> gone;
    std::vector<StoredRow> added;
    // In ascending order, as the replay wants it.
    for (const NumberSet::Range& range : changed_.ranges()) {
      for (std::uint32_t uid = range.first; uid <= range.last; ++uid) {
        const auto row = tail_.find(Uid(uid));
        const auto position = members.position_of(Uid(uid));
        if (position && row != tail_.end() && !row->second) {
          gone.push_back(*position);
        } else if (position) {
          apply_flags(*position, row == tail_.end() ? std::nullopt : row->second);
        } else if (row != tail_.end() && row->second && Uid(uid) > last) {
          added.push_back(*row->second);
          replay_.apply(added.back());
        }
      }
    }
    editor_.expunge(gone);
    for (const StoredRow& row : added) editor_.append(row.member, flags_of(row));
  }

  void apply_flags(std::uint32_t position, const std::optional<StoredRow>& stored) {
    const Members::Slot slot = known_.contents->members().slot_of(position);
    const FlagState before = known_.contents->flags().at(slot);
    StoredRow row{known_.contents->members().at(slot), before.modseq, before.system,
                  known_.keywords->set(before.keywords)};
    if (stored && stored->modseq > before.modseq) row = *stored;
    replay_.apply(row);
    if (row.modseq != before.modseq) editor_.set_flags(slot, flags_of(row));
  }

  FlagState flags_of(const StoredRow& row) {
    return {std::max(row.modseq, floor_), row.system,
            row.keywords.empty() ? 0 : keywords_->intern_set(row.keywords)};
  }

  const Mailbox& known_;
  const Mailbox& now_;
  const ModSeq floor_;
  TreeEditor editor_;
  std::shared_ptr<KeywordTable> keywords_;
  FlagReplay replay_;
  std::map<Uid, std::optional<StoredRow>> tail_;
  NumberSet changed_;
  MailboxStorage storage_;
};

async::Task<std::shared_ptr<Mailbox>> follow_contents(engine::Engine& engine, PartitionId id,
                                                      MailboxPtr known, MailboxPtr now,
                                                      ModSeq floor) {
  Following following(*known, *now, floor);
  const Status read =
      co_await for_each_row(engine, id, keys::contents(now->id),
                            [&](const engine::Row& row) { return following.take(row); });
  if (!read) co_return nullptr;
  co_return std::move(following).finish();
}

/// The mailbox with the contents that are known, which have not changed: every change of a message
/// raises HIGHESTMODSEQ.
std::shared_ptr<Mailbox> keep_contents(const Mailbox& known, const Mailbox& now) {
  auto mailbox = std::make_shared<Mailbox>(now);
  mailbox->contents = known.contents;
  mailbox->storage = known.storage;
  mailbox->keywords = known.keywords;  // With the sets that the contents refer to.
  return mailbox;
}

}  // namespace

async::Task<StatePtr> with_known_contents(engine::Engine& engine, PartitionId id, StatePtr loaded,
                                          StatePtr before) {
  if (loaded->version.layout != before->version.layout) co_return loaded;
  auto state = std::make_shared<AccountState>(*loaded);
  bool read = false;
  for (const auto& [mailbox_id, now] : loaded->mailboxes) {
    const MailboxPtr known = before->find(mailbox_id);
    if (!known || !known->contents || known->head_rebuilt) continue;
    if (known->head.uid_validity != now->head.uid_validity) continue;
    if (same_head(known->head, now->head) && known->tail_rows == now->tail_rows &&
        known->keywords->names() == now->keywords->names()) {
      state->mailboxes.set(mailbox_id, keep_contents(*known, *now));
      continue;
    }
    read = true;
    if (auto mailbox = co_await follow_contents(engine, id, known, now, loaded->floor))
      state->mailboxes.set(mailbox_id, std::move(mailbox));
  }
  if (!read) co_return state;
  const auto version = co_await engine.version(id);
  co_return version && version->revision == loaded->version.revision ? StatePtr(state) : loaded;
}

}  // namespace posthorn::store
