#include "engine/rocksdb/layout.h"

#include "base/bytes.h"

namespace posthorn::engine::rocks {
namespace {

constexpr char kVersionMark = 0;
constexpr char kRowMark = 1;
constexpr char kEndMark = 2;

std::string marked(const PartitionId& partition, char mark) {
  std::string key(partition.view());
  key.push_back(mark);
  return key;
}

}  // namespace

std::string version_key(const PartitionId& partition) { return marked(partition, kVersionMark); }
std::string rows_end(const PartitionId& partition) { return marked(partition, kEndMark); }

void set_row_key(std::string& out, const PartitionId& partition, std::string_view key) {
  out.assign(partition.view());
  out.push_back(kRowMark);
  out.append(key);
}

std::string row_key(const PartitionId& partition, std::string_view key) {
  std::string out;
  out.reserve(kIdBytes + 1 + key.size());
  set_row_key(out, partition, key);
  return out;
}

std::string_view row_key_within(std::string_view stored) { return stored.substr(kIdBytes + 1); }

std::string page_key(const PartitionId& partition, PageNumber number) {
  std::string key(partition.view());
  ByteWriter(key).u64(number.value);
  return key;
}

std::optional<PageNumber> page_number_in(std::string_view stored) {
  if (stored.size() < kIdBytes) return std::nullopt;
  const auto number = parse_number(stored.substr(kIdBytes));
  if (!number) return std::nullopt;
  return PageNumber{*number};
}

std::string holder_key(const PieceName& name, const PartitionId& holder) {
  std::string key(name.view());
  key.append(holder.view());
  return key;
}

std::string candidate_key(const PartitionId& holder, const PieceName& piece) {
  std::string key(kFirstCandidate);
  key.append(holder.view());
  key.append(piece.view());
  return key;
}

std::optional<Candidate> parse_candidate(std::string_view key, std::string_view value) {
  if (key.size() != kFirstCandidate.size() + 2 * kIdBytes) return std::nullopt;
  key.remove_prefix(kFirstCandidate.size());
  const auto holder = id_in<PartitionId>(key);
  const auto piece = id_in<PieceName>(key.substr(kIdBytes));
  const auto stamp = parse_stamp(value);
  if (!holder || !piece || !stamp) return std::nullopt;
  return Candidate{*holder, *piece, *stamp};
}

std::string format_version(const PartitionVersion& version) {
  std::string out;
  ByteWriter w(out);
  w.u64(version.tail.value);
  w.u64(version.revision);
  w.u64(version.layout);
  return out;
}

Result<PartitionVersion> parse_version(std::string_view bytes) {
  ByteReader r(bytes);
  PartitionVersion version;
  version.tail = Seq{r.u64()};
  if (r.ok() && r.at_end()) return version;
  version.revision = r.u64();
  version.layout = r.u64();
  if (!r.ok() || !r.at_end())
    return posthorn::fail(ErrorKind::corrupt, "a partition's version is damaged");
  return version;
}

std::string format_piece_state(const PieceState& state) {
  std::string out;
  ByteWriter w(out);
  w.u64(state.version);
  w.svarint(state.stamp);
  w.varint(state.size);
  return out;
}

std::optional<PieceState> parse_piece_state(std::string_view bytes) {
  ByteReader r(bytes);
  PieceState state;
  state.version = r.u64();
  state.stamp = r.svarint();
  state.size = r.varint();
  if (!r.ok() || !r.at_end()) return std::nullopt;
  return state;
}

std::string format_number(std::uint64_t number) {
  std::string out;
  ByteWriter(out).u64(number);
  return out;
}

std::optional<std::uint64_t> parse_number(std::string_view bytes) {
  ByteReader r(bytes);
  const std::uint64_t number = r.u64();
  if (!r.ok() || !r.at_end()) return std::nullopt;
  return number;
}

std::string format_stamp(std::int64_t stamp) {
  std::string out;
  ByteWriter(out).svarint(stamp);
  return out;
}

std::optional<std::int64_t> parse_stamp(std::string_view bytes) {
  ByteReader r(bytes);
  const std::int64_t stamp = r.svarint();
  if (!r.ok() || !r.at_end()) return std::nullopt;
  return stamp;
}

}  // namespace posthorn::engine::rocks
