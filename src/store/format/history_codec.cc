#include "store/format/codec.h"
#include "store/format/codec_parts.h"

// The records of an account's history: journals and the log.
namespace posthorn::store {

std::string encode_journal(const JournalRecord& journal) {
  std::string out;
  ByteWriter w(out);
  w.varint(journal.flags.size());
  for (const JournalRecord::FlagDelta& delta : journal.flags) {
    w.u8(delta.added);
    w.u8(delta.removed);
    write_set(w, delta.keywords_added);
    write_set(w, delta.keywords_removed);
    write_numbers(w, delta.uids);
  }
  w.varint(journal.expunged.size());
  StoredRow last;
  for (const StoredRow& row : journal.expunged) {
    write_row(w, row, last);
    last = row;
  }
  return seal_page(out);
}

Result<JournalRecord> decode_journal(std::string_view record) {
  auto payload = unseal_page(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  JournalRecord journal;
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
    JournalRecord::FlagDelta delta;
    delta.added = r.u8();
    delta.removed = r.u8();
    delta.keywords_added = read_set(r);
    delta.keywords_removed = read_set(r);
    delta.uids = read_numbers(r);
    journal.flags.push_back(std::move(delta));
  }
  StoredRow row;
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
    read_row(r, row);
    journal.expunged.push_back(row);
  }
  if (!r.ok()) return malformed("journal record");
  return journal;
}

namespace {

/// The version of log records that say what a deleted mailbox was. The others have the first.
constexpr std::uint8_t kDeletionVersion = 2;
enum LogBits : std::uint8_t {
  kHasJournal = 1,
  kIsDeleted = 2,
  kHasDeletion = 4,
  kNotSubscribed = 8,
};

void write_deletion(ByteWriter& w, const DeletedMailbox& was) {
  w.bytes(was.name);
  w.u8(was.special_use);
  w.varint(was.keywords.size());
  for (const std::string& keyword : was.keywords) w.bytes(keyword);
}

DeletedMailbox read_deletion(ByteReader& r) {
  DeletedMailbox was;
  was.name = r.bytes();
  was.special_use = r.u8();
  const std::uint64_t n = r.varint();
  if (n > KeywordTable::kMaxKeywords) r.set_failed();
  for (std::uint64_t i = 0; i < n && r.ok(); ++i) was.keywords.emplace_back(r.bytes());
  return was;
}

/// What became of the names of mailboxes stands at the end, where older programs do not look.
void write_names(ByteWriter& w, const LogRecord& log) {
  w.u8(log.names_cut ? 1 : 0);
  w.varint(log.created.size());
  for (const MailboxId id : log.created) w.varint(id.value);
  w.varint(log.renamed.size());
  for (const LogRecord::Renamed& one : log.renamed) {
    w.varint(one.mailbox.value);
    w.bytes(one.was);
  }
}

void read_names(ByteReader& r, LogRecord& log) {
  log.names_cut = r.u8() != 0;
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n)
    log.created.emplace_back(static_cast<std::uint32_t>(r.varint()));
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
    LogRecord::Renamed one;
    one.mailbox.value = static_cast<std::uint32_t>(r.varint());
    one.was = r.bytes();
    log.renamed.push_back(std::move(one));
  }
}

}  // namespace

std::string encode_log(const LogRecord& log) {
  std::string out;
  std::uint8_t version = kFirstRecordVersion;
  ByteWriter w(out);
  w.svarint(log.time);
  w.varint(log.entries.size());
  for (const LogRecord::Entry& e : log.entries) {
    w.varint(e.mailbox.value);
    w.varint(e.first_appended);
    w.varint(e.last_appended);
    w.u8(static_cast<std::uint8_t>((e.journal ? kHasJournal : 0) | (e.deleted ? kIsDeleted : 0) |
                                   (e.was ? kHasDeletion : 0) |
                                   (e.was && !e.was->subscribed ? kNotSubscribed : 0)));
    w.varint(e.journal_page.value);
    if (!e.was) continue;
    version = kDeletionVersion;
    write_deletion(w, *e.was);
  }
  const bool has_names = log.names_cut || !log.created.empty() || !log.renamed.empty();
  if (has_names || !log.released.empty()) {
    w.varint(log.released.size());
    for (const Ordinal email : log.released) w.varint(email.value);
  }
  if (has_names) write_names(w, log);
  return seal(out, version);
}

Result<LogRecord> decode_log(std::string_view record) {
  return decode<LogRecord>(record, "log record", [](ByteReader& r, LogRecord& log) {
    log.time = r.svarint();
    for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
      LogRecord::Entry e;
      e.mailbox.value = static_cast<std::uint32_t>(r.varint());
      e.first_appended = static_cast<std::uint32_t>(r.varint());
      e.last_appended = static_cast<std::uint32_t>(r.varint());
      const std::uint8_t bits = r.u8();
      e.journal = (bits & kHasJournal) != 0;
      e.deleted = (bits & kIsDeleted) != 0;
      e.journal_page.value = r.varint();
      if ((bits & kHasDeletion) != 0) {
        e.was = read_deletion(r);
        e.was->subscribed = (bits & kNotSubscribed) == 0;
      }
      log.entries.push_back(std::move(e));
    }
    if (!r.ok() || r.at_end()) return;
    for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) log.released.emplace_back(r.varint());
    if (r.ok() && !r.at_end()) read_names(r, log);
  });
}

}  // namespace posthorn::store
