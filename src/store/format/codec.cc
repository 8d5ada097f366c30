#include "store/format/codec.h"

#include "base/bytes.h"
#include "store/format/keys.h"
#include "store/format/record.h"
#include "store/value/keyword_name.h"

namespace posthorn::store {

void write_numbers(ByteWriter& w, const NumberSet& set) {
  w.varint(set.ranges().size());
  std::uint32_t last = 0;
  for (const NumberSet::Range& range : set.ranges()) {
    w.varint(range.first - last);
    w.varint(range.last - range.first);
    last = range.last;
  }
}

NumberSet read_numbers(ByteReader& r) {
  NumberSet set;
  std::uint64_t last = 0;
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
    const std::uint64_t first = last + r.varint();
    last = first + r.varint();
    if (last > UINT32_MAX) r.set_failed();
    set.add(static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last));
  }
  return set;
}
namespace {

std::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorKind::corrupt, "a stored " + std::string(what) + " cannot be read");
}

/// Opens a record, decodes the payload with `read`, and checks that it was well formed.
template <class T, class Read>
Result<T> decode(std::string_view record, std::string_view what, Read&& read) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  T value{};
  read(r, value);
  if (!r.ok()) return malformed(what);
  return value;
}

void write_set(ByteWriter& w, const std::vector<std::uint16_t>& set) {
  w.varint(set.size());
  for (const std::uint16_t k : set) w.varint(k);
}

std::vector<std::uint16_t> read_set(ByteReader& r) {
  std::vector<std::uint16_t> set;
  const std::uint64_t n = r.varint();
  if (n > KeywordTable::kMaxKeywords) r.set_failed();
  for (std::uint64_t i = 0; i < n && r.ok(); ++i)
    set.push_back(static_cast<std::uint16_t>(r.varint()));
  return set;
}

/// Numbers are written as differences from the previous row, because neighbours are similar.
void write_row(ByteWriter& w, const StoredRow& row, const StoredRow& last) {
  const Member& m = row.member;
  w.varint(m.uid.value - last.member.uid.value);
  w.svarint(static_cast<std::int64_t>(m.ordinal.value - last.member.ordinal.value));
  w.varint(m.size);
  w.svarint(m.internal_date.seconds - last.member.internal_date.seconds);
  w.svarint(m.internal_date.zone_minutes - last.member.internal_date.zone_minutes);
  w.svarint(std::int64_t{m.save_date} - last.member.save_date);
  w.svarint(static_cast<std::int64_t>(row.modseq.value - last.modseq.value));
  w.u8(static_cast<std::uint8_t>(row.system | (row.keywords.empty() ? 0 : 0x80)));
  if (!row.keywords.empty()) write_set(w, row.keywords);
}

void read_row(ByteReader& r, StoredRow& row) {
  Member& m = row.member;
  m.uid.value += static_cast<std::uint32_t>(r.varint());
  m.ordinal.value += static_cast<std::uint64_t>(r.svarint());
  m.size = static_cast<std::uint32_t>(r.varint());
  m.internal_date.seconds += r.svarint();
  m.internal_date.zone_minutes =
      static_cast<std::int16_t>(m.internal_date.zone_minutes + r.svarint());
  m.save_date = static_cast<std::uint32_t>(m.save_date + r.svarint());
  row.modseq.value += static_cast<std::uint64_t>(r.svarint());
  const std::uint8_t flags = r.u8();
  row.system = flags & kAllSystemFlags;
  row.keywords.clear();
  if ((flags & 0x80) != 0) row.keywords = read_set(r);
}

constexpr std::uint8_t kLive = 1;
constexpr std::uint8_t kExpunged = 0;

/// The version of the counters that says which object identifiers hide their numbers.
constexpr std::uint8_t kCountersVersion = 2;

}  // namespace

std::string encode_counters(const AccountCounters& c) {
  std::string out;
  ByteWriter w(out);
  w.varint(c.next_mailbox.value);
  w.varint(c.next_ordinal.value);
  w.varint(c.next_page.value);
  w.varint(c.next_uid_validity.value);
  w.varint(c.bytes);
  w.varint(c.messages);
  w.varint(c.quota.max_bytes);
  w.varint(c.quota.max_messages);
  w.varint(c.first_hidden_mailbox.value);
  w.varint(c.first_hidden_ordinal.value);
  return seal(out, kCountersVersion);
}

Result<AccountCounters> decode_counters(std::string_view record) {
  return decode<AccountCounters>(record, "account", [&](ByteReader& r, AccountCounters& c) {
    c.next_mailbox.value = static_cast<std::uint32_t>(r.varint());
    c.next_ordinal.value = r.varint();
    c.next_page.value = r.varint();
    c.next_uid_validity.value = static_cast<std::uint32_t>(r.varint());
    c.bytes = r.varint();
    c.messages = r.varint();
    c.quota.max_bytes = r.varint();
    c.quota.max_messages = r.varint();
    if (record_version(record) < kCountersVersion) {
      // Everything that exists so far has an identifier that an older version gave out.
      c.first_hidden_mailbox = c.next_mailbox;
      c.first_hidden_ordinal = c.next_ordinal;
    } else {
      c.first_hidden_mailbox.value = static_cast<std::uint32_t>(r.varint());
      c.first_hidden_ordinal.value = r.varint();
    }
  });
}

std::string encode_head(const MailboxHead& head, std::uint32_t tail_rows) {
  std::string out;
  ByteWriter w(out);
  w.varint(head.uid_validity.value);
  w.varint(head.uid_next.value);
  w.varint(head.highest_modseq.value);
  w.varint(head.messages);
  w.varint(head.unseen);
  w.varint(head.deleted);
  w.varint(head.bytes);
  w.varint(head.deleted_bytes);
  w.varint(tail_rows);
  return seal(out);
}

Result<StoredHead> decode_head(std::string_view record) {
  return decode<StoredHead>(record, "mailbox head", [](ByteReader& r, StoredHead& s) {
    s.head.uid_validity.value = static_cast<std::uint32_t>(r.varint());
    s.head.uid_next.value = static_cast<std::uint32_t>(r.varint());
    s.head.highest_modseq.value = r.varint();
    s.head.messages = static_cast<std::uint32_t>(r.varint());
    s.head.unseen = static_cast<std::uint32_t>(r.varint());
    s.head.deleted = static_cast<std::uint32_t>(r.varint());
    s.head.bytes = r.varint();
    s.head.deleted_bytes = r.varint();
    s.tail_rows = static_cast<std::uint32_t>(r.varint());
  });
}

std::string encode_name(const StoredName& name) {
  std::string out;
  ByteWriter w(out);
  w.bytes(name.name);
  w.u8(name.special_use);
  return seal(out);
}

Result<StoredName> decode_name(std::string_view record) {
  return decode<StoredName>(record, "mailbox name", [](ByteReader& r, StoredName& n) {
    n.name = r.bytes();
    n.special_use = r.u8();
  });
}

std::string encode_keywords(const std::vector<std::string>& names) {
  std::string out;
  ByteWriter w(out);
  w.varint(names.size());
  for (const std::string& name : names) w.bytes(name);
  return seal(out);
}

Result<std::vector<std::string>> decode_keywords(std::string_view record) {
  auto names = decode<std::vector<std::string>>(
      record, "keyword list", [](ByteReader& r, std::vector<std::string>& list) {
        for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) list.emplace_back(r.bytes());
      });
  if (names) mend_keyword_names(*names);
  return names;
}

std::string encode_profile(const AccountProfile& profile) {
  std::string out;
  ByteWriter w(out);
  w.bytes(profile.name);
  w.bytes(profile.credentials);
  w.u8(profile.disabled ? 1 : 0);
  w.svarint(profile.created);
  w.varint(profile.version);
  if (!profile.login_rules.empty() || profile.team) w.bytes(profile.login_rules);
  if (profile.team) w.u8(1);
  return seal(out);
}

Result<AccountProfile> decode_profile(std::string_view record) {
  return decode<AccountProfile>(record, "account profile", [](ByteReader& r, AccountProfile& p) {
    p.name = r.bytes();
    p.credentials = r.bytes();
    p.disabled = r.u8() != 0;
    p.created = r.svarint();
    p.version = r.varint();
    if (!r.at_end()) p.login_rules = r.bytes();
    if (!r.at_end()) p.team = r.u8() != 0;
  });
}

std::string encode_row(const StoredRow& row) {
  std::string out;
  ByteWriter w(out);
  w.u8(kLive);
  write_row(w, row, StoredRow{});
  return seal(out);
}

std::string encode_tombstone() { return seal(std::string_view("\0", 1)); }

Result<std::optional<StoredRow>> decode_row(Uid uid, std::string_view record) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  if (r.u8() == kExpunged) return std::nullopt;
  StoredRow row;
  read_row(r, row);
  if (!r.ok() || row.member.uid != uid) return malformed("message row");
  return row;
}

void RowPacker::add(const Member& member, const FlagState& flags,
                    const std::vector<std::uint16_t>& keywords) {
  StoredRow row{member, flags.modseq, flags.system, keywords};
  ByteWriter w(out_);
  write_row(w, row, last_);
  last_ = std::move(row);
  ++count_;
}

std::string RowPacker::finish() {
  std::string payload;
  ByteWriter w(payload);
  w.varint(count_);
  w.raw(out_);
  *this = RowPacker();
  return seal_page(payload);
}

Status detail::unpack_rows(std::string_view page,
                           const std::function<void(const StoredRow&)>& row) {
  auto payload = unseal_page(page);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  StoredRow current;
  for (std::uint64_t n = r.varint(); n > 0; --n) {
    read_row(r, current);
    if (!r.ok()) return malformed("chunk page");
    row(current);
  }
  return {};
}

std::string encode_chunks(const std::vector<ChunkRef>& chunks) {
  std::string out;
  ByteWriter w(out);
  w.varint(chunks.size());
  for (const ChunkRef& c : chunks) {
    w.varint(c.page.value);
    w.varint(c.first.value);
    w.varint(c.last.value - c.first.value);
    w.varint(c.count);
  }
  return seal(out);
}

Result<std::vector<ChunkRef>> decode_chunks(std::string_view record) {
  return decode<std::vector<ChunkRef>>(
      record, "chunk list", [](ByteReader& r, std::vector<ChunkRef>& chunks) {
        for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
          ChunkRef c;
          c.page.value = r.varint();
          c.first.value = static_cast<std::uint32_t>(r.varint());
          c.last.value = static_cast<std::uint32_t>(c.first.value + r.varint());
          c.count = static_cast<std::uint32_t>(r.varint());
          chunks.push_back(c);
        }
      });
}

std::string encode_move_out(const MoveOut& move) {
  std::string out;
  ByteWriter w(out);
  w.raw(move.target.view());
  w.varint(move.source.value);
  write_numbers(w, move.uids);
  return seal(out);
}

Result<MoveOut> decode_move_out(Seq id, std::string_view record) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  MoveOut move;
  move.id = id;
  ByteReader r(*payload);
  const std::string_view target = r.raw(move.target.bytes.size());
  std::ranges::copy(target, move.target.bytes.begin());
  move.source = MailboxId(static_cast<std::uint32_t>(r.varint()));
  move.uids = read_numbers(r);
  if (!r.ok()) return malformed("move");
  return move;
}

std::string encode_body_list(const BodyList& list) {
  std::string out;
  ByteWriter w(out);
  w.varint(list.prefix_size);
  w.bytes(list.sha256);
  w.varint(list.pieces.size());
  for (const BodyPiece& piece : list.pieces) {
    w.raw(piece.name.view());
    w.varint(piece.size);
  }
  return out;
}

Result<BodyList> decode_body_list(std::string_view column) {
  BodyList list;
  ByteReader r(column);
  list.prefix_size = static_cast<std::uint32_t>(r.varint());
  list.sha256 = r.bytes();
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
    BodyPiece piece;
    const std::string_view name = r.raw(piece.name.bytes.size());
    std::copy(name.begin(), name.end(), piece.name.bytes.begin());
    piece.size = static_cast<std::uint32_t>(r.varint());
    list.pieces.push_back(piece);
  }
  if (!r.ok()) return malformed("body list");
  return list;
}

namespace {

std::size_t email_octets(const EmailRecord& record) {
  constexpr std::size_t kLengths = 32;
  return record.keys.size() + record.structure.size() + record.header.size() + record.body.size() +
         kLengths;
}

void write_email(std::string& out, const EmailRecord& record) {
  ByteWriter w(out);
  w.bytes(record.keys);
  w.bytes(record.structure);
  w.bytes(record.header);
  w.bytes(record.body);
}

}  // namespace

std::string encode_email_page(const EmailRecord& record) {
  std::string out;
  out.reserve(email_octets(record));
  write_email(out, record);
  return seal_page(out);
}

void append_email_row(std::string& out, const EmailRecord& record) {
  out.reserve(out.size() + email_octets(record));
  const std::size_t begun = begin_plain_page(out);
  write_email(out, record);
  end_plain_page(out, begun);
}

Result<EmailRecord> decode_email(std::string_view record) {
  auto payload = unseal_page(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  EmailRecord email;
  email.keys = r.bytes();
  email.structure = r.bytes();
  email.header = r.bytes();
  email.body = r.bytes();
  if (!r.ok()) return malformed("message record");
  return email;
}

std::string encode_group(const GroupRef& group) {
  std::string out;
  ByteWriter w(out);
  w.varint(group.last.value - group.first.value);
  for (const PageNumber page : group.pages) w.varint(page.value);
  return seal(out);
}

Result<GroupRef> decode_group(Ordinal first, std::string_view record) {
  return decode<GroupRef>(record, "message group", [&](ByteReader& r, GroupRef& g) {
    g.first = first;
    g.last.value = first.value + r.varint();
    for (PageNumber& page : g.pages) page.value = r.varint();
  });
}

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
