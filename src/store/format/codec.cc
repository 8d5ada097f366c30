#include "store/format/codec.h"

#include "store/format/codec_parts.h"
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
  if (!list.inside.empty()) {
    w.varint(1);
    w.raw(engine::PieceName{}.view());
    w.varint(list.inside_size);
    w.bytes(list.inside);
    return out;
  }
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
    if (piece.name != engine::PieceName{}) {
      list.pieces.push_back(piece);
      continue;
    }
    if (n != 1 || !list.pieces.empty()) return malformed("body list");
    list.inside = r.bytes();
    list.inside_size = piece.size;
    if (list.inside.empty()) return malformed("body list");
  }
  if (!r.ok()) return malformed("body list");
  return list;
}

Result<std::string> unseal_inside(const BodyList& list) {
  auto octets = unseal_page(list.inside);
  if (octets && octets->size() != list.inside_size) return malformed("body");
  return octets;
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

}  // namespace posthorn::store
