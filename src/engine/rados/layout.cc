#include "engine/rados/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace posthorn::engine::rados {
namespace {

constexpr std::uint8_t kHeaderVersion = 1;
constexpr std::size_t kHeaderFixed = 1 + 4 * 8;

void append_u64(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

/// Requires: eight octets from `at` on.
std::uint64_t u64_at(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = at; i < at + 8; ++i)
    value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

template <class Id>
std::string hex_of(const Id& id) {
  std::string out;
  for (const std::uint8_t octet : id.bytes)
    fmt::format_to(std::back_inserter(out), "{:02x}", octet);
  return out;
}

template <class Id>
std::optional<Id> id_from_hex(std::string_view hex) {
  const auto id = partition_id_from_hex(hex);
  if (!id || hex_of(*id) != hex) return std::nullopt;
  Id out;
  out.bytes = id->bytes;
  return out;
}

template <class Id>
std::optional<Id> id_after(std::string_view prefix, std::string_view name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  return id_from_hex<Id>(name.substr(prefix.size()));
}

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorKind::corrupt, fmt::format("{} is damaged in the Ceph pool", what));
}

}  // namespace

std::string partition_object(const PartitionId& id) { return "a." + hex_of(id); }
std::optional<PartitionId> partition_of_object(std::string_view name) {
  return id_after<PartitionId>("a.", name);
}
std::string page_object(const PartitionId& partition, PageNumber number) {
  return fmt::format("p.{}.{:016x}", hex_of(partition), number.value);
}
std::string piece_object(const PieceName& name) { return "b." + hex_of(name); }
std::optional<PieceName> piece_of_object(std::string_view name) {
  return id_after<PieceName>("b.", name);
}
std::string holders_object(const PieceName& name) { return "h." + hex_of(name); }

std::string row_name(std::string_view key) {
  std::string name(kRowPrefix);
  name.reserve(key.size() + 9);
  for (const char c : key) {
    if (static_cast<std::uint8_t>(c) > 1) {
      name.push_back(c);
    } else {
      name += {'\1', static_cast<char>(c + 1)};
    }
  }
  return name;
}

std::optional<std::string> key_of_row(std::string_view name) {
  if (!name.starts_with(kRowPrefix)) return std::nullopt;
  std::string key;
  key.reserve(name.size());
  for (std::size_t i = kRowPrefix.size(); i < name.size(); ++i) {
    if (name[i] != '\1') {
      key.push_back(name[i]);
      continue;
    }
    if (++i == name.size() || name[i] < 1 || name[i] > 2) return std::nullopt;
    key.push_back(static_cast<char>(name[i] - 1));
  }
  return key;
}

std::string page_row(PageNumber number) {
  return fmt::format("{}{:016x}", kPagePrefix, number.value);
}

std::optional<PageNumber> page_of_row(std::string_view name) {
  if (!name.starts_with(kPagePrefix) || name.size() != kPagePrefix.size() + 16) return std::nullopt;
  PageNumber number;
  const char* end = name.data() + name.size();
  const auto [stop, error] =
      std::from_chars(name.data() + kPagePrefix.size(), end, number.value, 16);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::string Header::encode() const {
  if (*this == Header{}) return {};
  std::string out(1, static_cast<char>(kHeaderVersion));
  append_u64(out, version.revision);
  append_u64(out, version.layout);
  append_u64(out, version.tail.value);
  append_u64(out, bump);
  for (const std::uint64_t id : ids) append_u64(out, id);
  return out;
}

Result<Header> Header::parse(std::string_view stored) {
  Header header;
  if (stored.empty()) return header;
  if (static_cast<std::uint8_t>(stored[0]) > kHeaderVersion)
    return fail(ErrorKind::not_supported, "an account was written by a newer version of Posthorn");
  if (stored.size() < kHeaderFixed || (stored.size() - kHeaderFixed) % 8 != 0 ||
      stored.size() > kHeaderFixed + kIds * 8 || stored[0] != kHeaderVersion)
    return damaged("the header of a partition");
  header.version.revision = u64_at(stored, 1);
  header.version.layout = u64_at(stored, 9);
  header.version.tail = Seq{u64_at(stored, 17)};
  header.bump = u64_at(stored, 25);
  for (std::size_t at = kHeaderFixed; at < stored.size(); at += 8)
    header.ids.push_back(u64_at(stored, at));
  return header;
}

std::optional<std::uint64_t> Header::maker_of(std::uint64_t revision) const {
  if (revision > version.revision || revision == 0) return std::nullopt;
  const std::uint64_t back = version.revision - revision;
  if (back >= ids.size()) return std::nullopt;
  return ids[back];
}

std::size_t candidate_shard(const PartitionId& holder) {
  static_assert(kCandidateShards == 64);
  return holder.bytes[0] >> 2U;
}

std::string candidate_object(std::size_t shard) { return fmt::format("c.{:02x}", shard); }

std::string_view prefix_of(CandidateKind kind) { return kind == CandidateKind::kept ? "c" : "t"; }

std::string candidate_row(CandidateKind kind, const PartitionId& holder, const PieceName& piece) {
  return std::string(prefix_of(kind)) + hex_of(holder) + hex_of(piece);
}

std::string encode_candidate(const CandidateValue& value) {
  std::string out;
  append_u64(out, static_cast<std::uint64_t>(value.stamp));
  append_u64(out, static_cast<std::uint64_t>(value.made));
  return out;
}

Result<std::pair<Candidate, CandidateValue>> parse_candidate(std::string_view row,
                                                             std::string_view value) {
  constexpr std::size_t kHex = 32;
  if (row.size() != 1 + 2 * kHex || value.size() != 16) return damaged("a candidate");
  const auto holder = id_from_hex<PartitionId>(row.substr(1, kHex));
  const auto piece = id_from_hex<PieceName>(row.substr(1 + kHex));
  if (!holder || !piece) return damaged("a candidate");
  const CandidateValue read{static_cast<std::int64_t>(u64_at(value, 0)),
                            static_cast<std::int64_t>(u64_at(value, 8))};
  return std::pair(Candidate{*holder, *piece, read.stamp}, read);
}

std::string holder_row(const PartitionId& holder) { return hex_of(holder); }

std::string encode_stamp(std::int64_t stamp) {
  std::string out;
  append_u64(out, static_cast<std::uint64_t>(stamp));
  return out;
}

Result<std::int64_t> parse_stamp(std::string_view value) {
  if (value.size() != 8) return damaged("a holder of a piece");
  return static_cast<std::int64_t>(u64_at(value, 0));
}

Result<Holder> parse_holder(std::string_view row, std::string_view value) {
  const auto holder = id_from_hex<PartitionId>(row);
  if (!holder) return damaged("a holder of a piece");
  const auto stamp = parse_stamp(value);
  if (!stamp) return std::unexpected(stamp.error());
  return Holder{*holder, *stamp};
}

}  // namespace posthorn::engine::rados
