#include "store/change/change_writer.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "store/change/touched.h"
#include "store/format/codec.h"
#include "store/format/keys.h"
#include "store/format/origin.h"
#include "store/format/outbox_codec.h"
#include "store/format/record.h"
#include "store/format/sharing_codec.h"
#include "store/nodes/page_numbers.h"
#include "store/upkeep/repack.h"
#include "store/value/move_out.h"

namespace posthorn::store {
namespace {

/// A change of more rows than this writes chunk pages instead of tail rows, so that its commit
/// stays small.
constexpr std::size_t kMaxRowsInCommit = 1000;
/// A change of at least this many messages that changes nothing but flags is written as one record
/// that describes it, instead of one row per message, ...
constexpr std::size_t kFlagChangeFrom = 16;
/// ... provided that the record is not longer than this and contains no more than this many
/// different modifications.
constexpr std::size_t kMaxFlagChange = 16'000;
constexpr std::size_t kMaxDeltas = 16;
/// A row of the engine is limited to 64 KB, including its envelope.
constexpr std::size_t kMaxRowValue = 60'000;

}  // namespace

/// Writes one change.
class ChangeWriting {
 public:
  ChangeWriting(const AccountState& base, AccountState& draft, Timestamp now,
                const PartitionId& partition, PageNumbers& numbers)
      : base_(base), draft_(draft), now_(now), numbers_(numbers) {
    out_.commit.partition = partition;
    out_.commit.expect = base.version;
    out_.commit.advance = 1;
    log_.time = now.seconds;
  }

  template <class Touched>
  /// Writes one mailbox. The order matters. HIGHESTMODSEQ is set before the head is written. The
  /// journal comes first, since it also serves as the flag-change record. The rows come before the
  /// head, because they determine the `tail_rows` stored in it. The log entry comes last, because
  /// journal() completes it with the page number.
  void mailbox(Touched& t) {
    LogRecord::Entry entry{t.now.id, 0, 0, false, PageNumber(0), t.deleted, {}};
    if (t.messages_changed() || t.created || t.annotated || t.rebuilt)
      t.now.head.highest_modseq = std::max(t.now.head.highest_modseq, ModSeq(draft_.seq.value));
    if (!t.appended.empty()) {
      entry.first_appended = t.appended.front().first.uid.value;
      entry.last_appended = t.appended.back().first.uid.value;
    }
    const std::string record = journal(t, entry);
    if (t.deleted) {
      entry.was = deletion(t.now);
      entry.was->subscribed = base_.subscriptions->contains(t.now.name);
      drop(t);
    } else {
      if (!flag_change(t, record)) rows(t);
      if (t.created || t.renamed)
        put(keys::name(t.now.id), encode_name({t.now.name, t.now.special_use}));
      if (t.own_keywords) put(keys::keywords(t.now.id), encode_keywords(t.now.keywords->names()));
      readers(t);
      put(keys::head(t.now.id), encode_head(t.now.head, t.now.tail_rows));
      t.now.head_rebuilt = false;
    }
    note_name(t);
    log_.entries.push_back(std::move(entry));
    out_.touched.push_back(t.now.id);
  }

  void email(Ordinal ordinal, const NewEmail& email) {
    out_.commit.carry.new_mail = true;
    std::string row(1, keys::kInRow);
    append_email_row(row, *email.record);
    if (row.size() < kMaxRowValue) {
      put(keys::email(ordinal), std::move(row));
    } else {
      put(keys::email(ordinal), keys::in_page(page(encode_email_page(*email.record))));
    }
    if (email.holds) {
      for (const engine::PieceHold& hold : *email.holds) {
        out_.commit.carry.holds.push_back(hold);
        // The time of use is now, however long the upload took: the sweep's grace time starts here.
        out_.commit.carry.holds.back().stamp = now_.seconds;
      }
    }
    if (!out_.foreign && !origin_of(email.record->body).empty()) {
      out_.foreign = true;
      put(keys::foreign(), seal(""));
    }
    count_stored(email);
    out_.emails.emplace_back(ordinal, email.record);
  }

  /// Writes the entry. Returns it with its new location.
  OutboxEntryPtr outbox_entry(const OutboxEntry& entry) {
    drop_page(entry.page);
    auto written = std::make_shared<OutboxEntry>(entry);
    std::string record = encode_outbox_entry(entry);
    if (record.size() < kMaxRowValue) {
      written->page = PageNumber(0);
      put(keys::outbox(entry.id), keys::in_row(record));
    } else {
      written->page = page(std::move(record));
      put(keys::outbox(entry.id), keys::in_page(written->page));
    }
    return written;
  }

  void outbox_gone(OutboxId id, const OutboxEntry& entry) {
    drop_page(entry.page);
    erase(keys::outbox(id));
  }

  void released(std::vector<Ordinal> emails) { log_.released = std::move(emails); }

  void put(std::string key, std::string value) {
    out_.commit.edits.push_back({std::move(key), std::move(value)});
  }
  void erase(std::string key) { out_.commit.edits.push_back({std::move(key), std::nullopt}); }

  PreparedChange finish() {
    put(keys::log(draft_.seq), encode_log(log_));
    put(keys::account(), encode_counters(draft_.counters));
    out_.next = std::make_shared<AccountState>(draft_);
    return std::move(out_);
  }

 private:
  /// Notes what undoing the change has to know of the mailbox's name.
  template <class Touched>
  void note_name(const Touched& t) {
    if (t.deleted || (!t.created && !t.renamed)) return;
    const MailboxPtr before = base_.find(t.now.id);
    if (before && before->name == t.now.name) return;
    const std::size_t octets = before ? before->name.size() + 8 : 5;
    if (name_octets_ + octets > LogRecord::kMaxNameOctets) {
      log_.names_cut = true;
      return;
    }
    name_octets_ += octets;
    if (before) {
      log_.renamed.push_back({t.now.id, before->name});
    } else {
      log_.created.push_back(t.now.id);
    }
  }

  /// The pieces are listed in the order of the holds.
  void count_stored(const NewEmail& email) {
    out_.stored_octets += email.size;
    if (!email.holds || std::ranges::none_of(*email.holds, is_ahead)) return;
    const auto body = decode_body_list(email.record->body);
    if (!body || body->pieces.size() != email.holds->size()) return;
    for (std::size_t i = 0; i < body->pieces.size(); ++i)
      if (is_ahead((*email.holds)[i])) out_.ahead_octets += body->pieces[i].size;
  }
  static bool is_ahead(const engine::PieceHold& hold) { return hold.bytes.empty(); }

  static DeletedMailbox deletion(const Mailbox& mailbox) {
    DeletedMailbox was{mailbox.name, mailbox.special_use, mailbox.keywords->names()};
    std::size_t octets = 0;
    for (const std::string& keyword : was.keywords) octets += keyword.size();
    if (octets > DeletedMailbox::kMaxKeywordOctets) was.keywords.clear();
    return was;
  }

  void drop_page(PageNumber page) {
    if (page.value != 0) out_.commit.carry.dropped_pages.push_back(page);
  }

  PageNumber page(std::string bytes) {
    const PageNumber number = numbers_.take();
    out_.commit.carry.pages.push_back({number, std::move(bytes)});
    return number;
  }

  template <class Touched>
  static std::vector<std::uint16_t> without(const Touched& t, std::uint32_t set,
                                            std::uint32_t other) {
    std::vector<std::uint16_t> out;
    std::ranges::set_difference(t.now.keywords->set(set), t.now.keywords->set(other),
                                std::back_inserter(out));
    return out;
  }

  /// Writes the journal record of the changed and expunged messages and returns it; empty if there
  /// are none.
  template <class Touched>
  std::string journal(const Touched& t, LogRecord::Entry& entry) {
    if (t.reflagged.empty() && t.expunged.empty()) return {};
    JournalRecord record;
    std::map<std::tuple<SystemFlags, SystemFlags, std::uint32_t, std::uint32_t>, std::size_t>
        groups;
    auto group = groups.end();  // Usually the same as for the previous message.
    for (const auto& r : t.reflagged) {
      const bool same_keywords = r.before.keywords == r.after.keywords;
      const std::tuple key(static_cast<SystemFlags>(r.after.system & ~r.before.system),
                           static_cast<SystemFlags>(r.before.system & ~r.after.system),
                           same_keywords ? 0 : r.before.keywords,
                           same_keywords ? 0 : r.after.keywords);
      if (group == groups.end() || group->first != key) {
        bool fresh = false;
        std::tie(group, fresh) = groups.try_emplace(key, record.flags.size());
        if (fresh)
          record.flags.push_back({std::get<0>(key),
                                  std::get<1>(key),
                                  without(t, r.after.keywords, r.before.keywords),
                                  without(t, r.before.keywords, r.after.keywords),
                                  {}});
      }
      record.flags[group->second].uids.add(r.uid.value);
    }
    record.expunged.reserve(t.expunged.size());
    for (const auto& [member, flags] : t.expunged)
      record.expunged.push_back(
          {member, flags.modseq, flags.system, t.now.keywords->set(flags.keywords)});
    deltas_ = record.flags.size();
    std::string bytes = encode_journal(record);
    entry.journal = true;
    if (bytes.size() < kMaxRowValue) {
      put(keys::journal(t.now.id, draft_.seq), keys::in_row(bytes));
    } else {
      entry.journal_page = page(bytes);
      put(keys::journal(t.now.id, draft_.seq), keys::in_page(entry.journal_page));
    }
    return bytes;
  }

  /// Writes the flag changes as one record instead of rows. Returns false, without writing, if the
  /// change does not qualify.
  template <class Touched>
  bool flag_change(Touched& t, const std::string& record) {
    if (!t.now.storage || !t.appended.empty() || !t.expunged.empty()) return false;
    if (t.reflagged.size() < kFlagChangeFrom || record.size() > kMaxFlagChange) return false;
    if (deltas_ > kMaxDeltas) return false;
    FlagChange change{draft_.seq, {}, deltas_};
    for (const auto& r : t.reflagged) {
      // A message was changed twice in this change; the record cannot express the order.
      if (r.uid.value <= change.uids.max()) return false;
      change.uids.add(r.uid.value);
    }
    put(keys::flag_change(t.now.id, draft_.seq), record);
    auto storage = std::make_shared<MailboxStorage>(*t.now.storage);
    storage->flag_changes.push_back(std::make_shared<const FlagChange>(std::move(change)));
    t.now.tail_rows = storage->tail_rows();
    t.now.storage = std::move(storage);
    return true;
  }

  template <class Touched>
  /// Writes the changed rows in the cheapest form:
  /// - a mailbox under repair is rewritten as a whole;
  /// - a new mailbox without messages gets an empty list of chunks;
  /// - a change of very many messages packs the chunks it touches into new pages, so that the
  ///   commit stays small;
  /// - any other change writes one tail row per message. Tail rows take precedence over the pages,
  ///   and a later checkpoint packs them.
  void rows(Touched& t) {
    if (t.rewritten) {
      rewrite_rows(t);
      return;
    }
    if (!t.messages_changed()) {
      if (t.created) put(keys::chunks(t.now.id), encode_chunks({}));
      return;
    }
    const std::size_t changed = t.appended.size() + t.reflagged.size() + t.expunged.size();
    if (t.now.storage && changed > kMaxRowsInCommit) {
      repack_rows(t);
      return;
    }
    NumberSet tail;
    for (const auto& [member, flags] : t.appended) {
      put(keys::tail_row(t.now.id, member.uid),
          encode_row({member, flags.modseq, flags.system, t.now.keywords->set(flags.keywords)}));
      tail.add(member.uid.value);
    }
    // Later, since a message may have been appended by the same change.
    for (const auto& r : t.reflagged) {
      write_tail(t, r.uid);
      tail.add(r.uid.value);
    }
    for (const auto& [member, flags] : t.expunged) {
      put(keys::tail_row(t.now.id, member.uid), encode_tombstone());
      tail.add(member.uid.value);
    }
    // The contents are not loaded (a delivery, for example): only the number of tail rows is known.
    if (!t.now.storage) {
      t.now.tail_rows += static_cast<std::uint32_t>(changed);
      return;
    }
    auto storage = std::make_shared<MailboxStorage>(*t.now.storage);
    storage->tail = storage->tail.unite(tail);
    t.now.tail_rows = storage->tail_rows();
    t.now.storage = std::move(storage);
  }

  template <class Touched>
  void write_tail(const Touched& t, Uid uid) {
    const auto position = t.now.contents->members().position_of(uid);
    if (!position) return;  // Expunged by the same change.
    const Members::Slot slot = t.now.contents->members().slot_of(*position);
    const FlagState flags = t.now.contents->flags().at(slot);
    put(keys::tail_row(t.now.id, uid),
        encode_row({t.now.contents->members().at(slot), flags.modseq, flags.system,
                    t.now.keywords->set(flags.keywords)}));
  }

  template <class Touched>
  /// Packs the affected chunks. New pages, the new list of chunks and the removal of the rows and
  /// pages they replace are all in this one commit, so a crash leaves either the old form or the
  /// new one.
  void repack_rows(Touched& t) {
    NumberSet changed;
    for (const auto& r : t.reflagged) changed.add(r.uid.value);
    for (const auto& [member, flags] : t.appended) changed.add(member.uid.value);
    for (const auto& [member, flags] : t.expunged) changed.add(member.uid.value);
    Repacked packed = repack(*t.now.contents, *t.now.keywords, *t.now.storage, changed, numbers_);
    put(keys::chunks(t.now.id), encode_chunks(packed.storage.chunks));
    for (const NumberSet::Range& range : packed.untailed.ranges())
      for (std::uint32_t uid = range.first; uid <= range.last; ++uid)
        erase(keys::tail_row(t.now.id, Uid(uid)));
    auto& carry = out_.commit.carry;
    std::ranges::move(packed.pages, std::back_inserter(carry.pages));
    std::ranges::move(packed.dropped, std::back_inserter(carry.dropped_pages));
    t.now.tail_rows = packed.storage.tail_rows();
    t.now.storage = std::make_shared<MailboxStorage>(std::move(packed.storage));
  }

  /// Writes everything into new pages and removes the records that could not be read. The pages
  /// that could not be read remain, although nothing names them: a better tool may recover more
  /// from them.
  template <class Touched>
  void rewrite_rows(Touched& t) {
    NumberSet all;
    all.add(1, UINT32_MAX - 1);
    MailboxStorage none;
    none.tail = t.now.storage->tail;
    Repacked packed = repack(*t.now.contents, *t.now.keywords, none, all, numbers_);
    put(keys::chunks(t.now.id), encode_chunks(packed.storage.chunks));
    for (const NumberSet::Range& range : t.now.storage->tail.ranges())
      for (std::uint32_t uid = range.first; uid <= range.last; ++uid)
        erase(keys::tail_row(t.now.id, Uid(uid)));
    for (const auto& change : t.now.storage->flag_changes)
      erase(keys::flag_change(t.now.id, change->seq));
    for (const Seq seq : t.flag_changes) erase(keys::flag_change(t.now.id, seq));
    std::ranges::move(packed.pages, std::back_inserter(out_.commit.carry.pages));
    packed.storage.tail = {};
    packed.storage.flag_changes = {};
    t.now.tail_rows = 0;
    t.now.storage = std::make_shared<MailboxStorage>(std::move(packed.storage));
  }

  /// Writes everybody's own flags, as far as it changed.
  template <class Touched>
  void readers(Touched& t) {
    if (t.now.readers == nullptr) erase_readers(t.now.id);
    for (auto& [reader, seen] : t.own_flags) {
      drop_page(seen->page);
      std::string record = encode_reader_flags(*seen);
      seen->page = PageNumber(0);
      const std::string key = keys::reader_flags(t.now.id, reader);
      if (record.size() < kMaxRowValue) {
        put(key, keys::in_row(record));
      } else {
        seen->page = page(std::move(record));
        put(key, keys::in_page(seen->page));
      }
    }
  }

  /// As stored: what this change did to them has not been written.
  void erase_readers(MailboxId mailbox) {
    const MailboxPtr stored = base_.find(mailbox);
    if (!stored || !stored->readers) return;
    for (const auto& [reader, seen] : *stored->readers) {
      drop_page(seen->page);
      erase(keys::reader_flags(mailbox, reader));
    }
  }

  template <class Touched>
  void drop(const Touched& t) {
    erase_readers(t.now.id);
    erase(keys::head(t.now.id));
    erase(keys::name(t.now.id));
    erase(keys::keywords(t.now.id));
    erase(keys::chunks(t.now.id));
    if (!t.now.storage) return;
    for (const NumberSet::Range& range : t.now.storage->tail.ranges())
      for (std::uint32_t uid = range.first; uid <= range.last; ++uid)
        erase(keys::tail_row(t.now.id, Uid(uid)));
    for (const auto& change : t.now.storage->flag_changes)
      erase(keys::flag_change(t.now.id, change->seq));
    for (const ChunkRef& chunk : t.now.storage->chunks)
      out_.commit.carry.dropped_pages.push_back(chunk.page);
  }

  const AccountState& base_;
  AccountState& draft_;
  const Timestamp now_;
  PageNumbers& numbers_;
  PreparedChange out_;
  LogRecord log_;
  std::size_t deltas_ = 0;       ///< Of the last journal record.
  std::size_t name_octets_ = 0;  ///< Of the names in the log entry.
};

bool ChangeWriter::is_empty(const Change& change) {
  if (!change.emails_.empty() || !change.subscribed_.empty() || !change.unsubscribed_.empty() ||
      change.settings_changed_ || !change.outbox_changed_.empty() || change.usage_changed_ ||
      change.sending_changed_ || !change.annotated_.empty() || !change.granted_.empty() ||
      !change.moves_.empty() || change.draft_.intent)
    return false;
  return std::ranges::none_of(change.touched_,
                              [](const auto& entry) { return entry.second->changed(); });
}

bool lacks_numbers(const engine::Commit& commit) {
  return std::ranges::any_of(commit.carry.pages, [](const engine::PageWrite& page) {
    return page.number == PageNumber(0);
  });
}

PreparedChange ChangeWriter::write(Change& change, const PartitionId& partition,
                                   PageNumbers& numbers) {
  ChangeWriting writing(*change.base_, change.draft_, change.now_, partition, numbers);
  for (auto& [id, t] : change.touched_) {
    if (t->created && t->deleted) continue;
    if (!t->changed()) continue;
    writing.mailbox(*t);
    if (!t->deleted) change.draft_.mailboxes.set(id, std::make_shared<Mailbox>(std::move(t->now)));
  }
  for (const auto& [ordinal, email] : change.emails_) writing.email(ordinal, email);
  for (const std::string& name : change.subscribed_)
    if (change.draft_.subscriptions->contains(name))
      writing.put(keys::subscription(name), seal(""));
  for (const std::string& name : change.unsubscribed_)
    if (!change.draft_.subscriptions->contains(name)) writing.erase(keys::subscription(name));
  for (const AnnotationKey& key : change.annotated_) {
    const AnnotationValue value = change.draft_.annotations->find(key);
    if (value) {
      writing.put(keys::annotation(key), seal(*value));
    } else {
      writing.erase(keys::annotation(key));
    }
  }
  for (const GrantKey& key : change.granted_) {
    const Grant* const grant = change.draft_.grants->find(key);
    if (grant != nullptr) {
      writing.put(keys::grant(key), encode_grant(*grant));
    } else {
      writing.erase(keys::grant(key));
    }
  }
  if (!change.profile_.empty()) writing.put(keys::profile(), change.profile_);
  for (const auto& [id, move] : change.moves_) {
    if (move != nullptr) {
      writing.put(keys::move_out(id), encode_move_out(*move));
    } else {
      writing.erase(keys::move_out(id));
    }
  }
  write_sending(change, writing);
  PreparedChange prepared = writing.finish();
  prepared.names_changed =
      !change.subscribed_.empty() || !change.unsubscribed_.empty() || !change.annotated_.empty();
  prepared.outbox_changed = !change.outbox_changed_.empty();
  return prepared;
}

void ChangeWriter::write_sending(Change& change, ChangeWriting& writing) {
  for (const OutboxId id : change.outbox_changed_) {
    const auto now = change.outbox().find(id);
    const auto before = change.base_->outbox->find(id);
    if (now != change.outbox().end()) {
      now->second = writing.outbox_entry(*now->second);
    } else if (before != change.base_->outbox->end()) {
      writing.outbox_gone(id, *before->second);
    }
  }
  if (change.usage_changed_) writing.put(keys::usage(), encode_usage(change.draft_.usage));
  if (change.sending_changed_)
    writing.put(keys::sending(), encode_sending_settings(*change.draft_.sending));
  if (change.draft_.intent)
    writing.put(keys::intent(*change.draft_.intent), encode_time(change.now_.seconds));
  writing.released(std::move(change.released_));
}

}  // namespace posthorn::store
