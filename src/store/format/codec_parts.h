#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "store/format/codec.h"
#include "store/format/record.h"

/// What the codecs of this folder share. Nothing else includes it.
namespace posthorn::store {

inline std::unexpected<Error> malformed(std::string_view what) {
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

inline void write_set(ByteWriter& w, const std::vector<std::uint16_t>& set) {
  w.varint(set.size());
  for (const std::uint16_t k : set) w.varint(k);
}

inline std::vector<std::uint16_t> read_set(ByteReader& r) {
  std::vector<std::uint16_t> set;
  const std::uint64_t n = r.varint();
  if (n > KeywordTable::kMaxKeywords) r.set_failed();
  for (std::uint64_t i = 0; i < n && r.ok(); ++i)
    set.push_back(static_cast<std::uint16_t>(r.varint()));
  return set;
}

/// Numbers are written as differences from the previous row, because neighbours are similar.
inline void write_row(ByteWriter& w, const StoredRow& row, const StoredRow& last) {
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

inline void read_row(ByteReader& r, StoredRow& row) {
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

}  // namespace posthorn::store
