#include "store/read/past.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "store/format/keys.h"
#include "store/format/paged_record.h"
#include "store/read/load.h"

namespace posthorn::store {
namespace {

using async::Task;

std::unexpected<Error> too_early() {
  return fail(ErrorKind::not_found,
              "the account's history does not reach back to that time; it is kept for "
              "storage.journal_horizon");
}

struct LoggedChange {
  Seq seq;
  LogRecord log;
};

/// Reads the log after a time, oldest change first. A clock may have stepped back: everything after
/// the last change of that time or before is undone.
Task<Result<std::vector<LoggedChange>>> read_log_after(engine::Engine& engine, PartitionId id,
                                                       std::int64_t time, std::int64_t kept_from,
                                                       ModSeq floor) {
  auto horizon = co_await engine.get_row(id, keys::horizon());
  if (!horizon) co_return pass(horizon);
  const Seq dropped(*horizon ? ByteReader(**horizon).u64() : 0);
  Seq last_kept;  // The last change that is not undone.
  std::vector<LoggedChange> changes;
  Status read = co_await for_each_row(engine, id, std::string(keys::kLogs),
                                      [&](const engine::Row& row) -> Status {
                                        auto log = decode_log(row.value);
                                        if (!log) return pass(log);
                                        const Seq seq(keys::last_number(row.key));
                                        if (log->time <= time) {
                                          last_kept = seq;
                                          changes.clear();
                                        } else {
                                          changes.push_back({seq, std::move(*log)});
                                        }
                                        return {};
                                      });
  if (!read) co_return pass(read);
  if (last_kept < dropped && time < kept_from) co_return too_early();
  if (floor.value > 0 && !changes.empty() && changes.front().seq.value <= floor.value)
    co_return too_early();
  co_return changes;
}

/// Undoes changes one after another, the last one first.
class Undoing {
 public:
  explicit Undoing(StatePtr now) : now_(std::move(now)) {}

  Status undo(const LoggedChange& change, const std::map<MailboxId, JournalRecord>& journals) {
    past_.names_cut |= change.log.names_cut;
    for (const LogRecord::Entry& entry : change.log.entries) {
      PastMailbox& mailbox = past_.mailboxes[entry.mailbox];
      if (entry.deleted) {
        mailbox.deleted = true;
        mailbox.was = entry.was;
        if (entry.was) mailbox.name = entry.was->name;
      }
      // A message that the same change put there and took away again was never there before it.
      if (const auto it = journals.find(entry.mailbox); it != journals.end())
        undo_messages(entry.mailbox, mailbox, it->second);
      if (entry.first_appended != 0) forget_arrived(mailbox, entry);
    }
    for (const LogRecord::Renamed& one : change.log.renamed)
      past_.mailboxes[one.mailbox].name = one.was;
    for (const MailboxId id : change.log.created) past_.mailboxes[id].created = true;
    if (messages_ > kMaxPastMessages)
      return fail(ErrorKind::limit, "Too many messages changed since then; give a later time");
    return {};
  }

  Past finish() { return std::move(past_); }

 private:
  void undo_messages(MailboxId id, PastMailbox& mailbox, const JournalRecord& journal) {
    for (const StoredRow& row : journal.expunged) {
      mailbox.gone.insert_or_assign(row.member.uid.value, row);
      ++messages_;
    }
    // Flags are recorded by what they were before the change, rows as they were when removed, which
    // is after it: so flags come second.
    const MailboxPtr present = now_->find(id);
    for (const JournalRecord::FlagDelta& delta : journal.flags) {
      for (const NumberSet::Range& range : delta.uids.ranges())
        for (std::uint64_t uid = range.first; uid <= range.last; ++uid)
          undo_flags(mailbox, present, static_cast<std::uint32_t>(uid), delta);
    }
  }

  void undo_flags(PastMailbox& mailbox, const MailboxPtr& present, std::uint32_t uid,
                  const JournalRecord::FlagDelta& delta) {
    if (const auto it = mailbox.gone.find(uid); it != mailbox.gone.end()) {
      undo_delta(delta, it->second.system, it->second.keywords);
      return;
    }
    auto it = mailbox.flags.find(uid);
    if (it == mailbox.flags.end()) {
      if (!present || !present->contents) return;
      const auto position = present->contents->members().position_of(Uid(uid));
      if (!position) return;
      const FlagState flags = present->contents->flags_at(*position);
      it = mailbox.flags
               .try_emplace(
                   uid, PastMailbox::Flags{flags.system, present->keywords->set(flags.keywords)})
               .first;
      ++messages_;
    }
    undo_delta(delta, it->second.system, it->second.keywords);
  }

  static void undo_delta(const JournalRecord::FlagDelta& delta, SystemFlags& system,
                         std::vector<std::uint16_t>& keywords) {
    system = static_cast<SystemFlags>((system & ~delta.added) | delta.removed);
    std::vector<std::uint16_t> without;
    std::ranges::set_difference(keywords, delta.keywords_added, std::back_inserter(without));
    keywords.clear();
    std::ranges::set_union(without, delta.keywords_removed, std::back_inserter(keywords));
  }

  static void forget_arrived(PastMailbox& mailbox, const LogRecord::Entry& entry) {
    mailbox.came.add(entry.first_appended, entry.last_appended);
    const auto drop = [&](auto& map) {
      map.erase(map.lower_bound(entry.first_appended), map.upper_bound(entry.last_appended));
    };
    drop(mailbox.flags);
    drop(mailbox.gone);
  }

  const StatePtr now_;
  Past past_;
  std::size_t messages_ = 0;
};

/// Reads what a change did to the messages of its mailboxes.
Task<Result<std::map<MailboxId, JournalRecord>>> read_journals(engine::Engine& engine,
                                                               PartitionId id,
                                                               const LoggedChange& change) {
  std::vector<MailboxId> mailboxes;
  std::vector<std::string> wanted;
  for (const LogRecord::Entry& entry : change.log.entries) {
    if (!entry.journal) continue;
    mailboxes.push_back(entry.mailbox);
    wanted.push_back(keys::journal(entry.mailbox, change.seq));
  }
  std::map<MailboxId, JournalRecord> journals;
  if (wanted.empty()) co_return journals;
  auto rows = co_await engine.get(id, std::move(wanted));
  if (!rows) co_return pass(rows);
  std::vector<std::string> values;
  for (auto& row : *rows) {
    if (!row) co_return too_early();
    values.push_back(std::move(*row));
  }
  const auto records = co_await read_records(engine, id, std::move(values));
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!records[i]) co_return std::unexpected(records[i].error());
    auto journal = decode_journal(*records[i]);
    if (!journal) co_return pass(journal);
    journals.emplace(mailboxes[i], std::move(*journal));
  }
  co_return journals;
}

}  // namespace

Task<Result<Past>> read_past(engine::Engine& engine, StatePtr now, std::int64_t time,
                             std::int64_t kept_from) {
  auto changes = co_await read_log_after(engine, now->id, time, kept_from, now->floor);
  if (!changes) co_return pass(changes);
  if (!changes->empty() && changes->back().seq > now->seq)
    co_return fail(ErrorKind::conflict, "the account has changed meanwhile");
  Undoing undoing(now);
  for (auto change = changes->rbegin(); change != changes->rend(); ++change) {
    auto journals = co_await read_journals(engine, now->id, *change);
    if (!journals) co_return pass(journals);
    if (Status done = undoing.undo(*change, *journals); !done) co_return pass(done);
  }
  co_return undoing.finish();
}

}  // namespace posthorn::store
