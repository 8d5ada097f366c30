#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "engine/engine.h"

/// The encoding of keys and values in the column families; see docs/storage-format.md, "RocksDB".
namespace posthorn::engine::rocks {

/// 2: the version of a partition has 24 octets instead of 8. A store of format 1 becomes one of
/// format 2 when it is opened; its rows are rewritten as their partitions change.
inline constexpr std::uint32_t kFormatVersion = 2;
inline constexpr std::string_view kFormatKey = "format";
inline constexpr std::string_view kEpochKey = "epoch";
inline constexpr std::size_t kIdBytes = 16;

/// Follows the id in the key of a version.
inline constexpr std::string_view kVersionSuffix{"\0", 1};
/// In `rows`. A partition's version sorts before its rows, so that one iterator reads both from the
/// same snapshot.
std::string version_key(const PartitionId& partition);
void set_row_key(std::string& out, const PartitionId& partition, std::string_view key);
std::string row_key(const PartitionId& partition, std::string_view key);
/// Sorts after every row of the partition.
std::string rows_end(const PartitionId& partition);
/// Extracts the caller's key. Requires: a key made by row_key.
std::string_view row_key_within(std::string_view stored);

std::string page_key(const PartitionId& partition, PageNumber number);
std::optional<PageNumber> page_number_in(std::string_view stored);

/// In `holders`. The state of a piece is stored under the name alone, so it sorts before the
/// holders.
std::string holder_key(const PieceName& name, const PartitionId& holder);

/// In the default family, next to the format version.
std::string candidate_key(const PartitionId& holder, const PieceName& piece);
/// The lower bound of candidate keys, and their upper bound.
inline constexpr std::string_view kFirstCandidate = "c";
inline constexpr std::string_view kAfterCandidates = "d";
std::optional<Candidate> parse_candidate(std::string_view key, std::string_view stamp);

std::string format_version(const PartitionVersion& version);
/// Also reads the 8 octets of format 1, which had only the tail: as revision 0. Errors: corrupt.
Result<PartitionVersion> parse_version(std::string_view bytes);

struct PieceState {
  std::uint64_t version = 0;
  std::int64_t stamp = 0;  ///< Seconds since 1970; of the latest hold.
  std::uint64_t size = 0;  ///< As stored.
};
std::string format_piece_state(const PieceState& state);
std::optional<PieceState> parse_piece_state(std::string_view bytes);

std::string format_number(std::uint64_t number);
std::optional<std::uint64_t> parse_number(std::string_view bytes);
std::string format_stamp(std::int64_t stamp);
std::optional<std::int64_t> parse_stamp(std::string_view bytes);

/// The id in the first 16 bytes of a stored key; nullopt if the key is shorter.
template <class Id>
std::optional<Id> id_in(std::string_view stored) {
  if (stored.size() < kIdBytes) return std::nullopt;
  Id id;
  for (std::size_t i = 0; i < kIdBytes; ++i) id.bytes[i] = static_cast<std::uint8_t>(stored[i]);
  return id;
}

/// The least key above all keys that begin with `id`; empty if there is none.
template <class Id>
std::string after_id(const Id& id) {
  std::string key(id.view());
  while (!key.empty() && static_cast<std::uint8_t>(key.back()) == 0xff) key.pop_back();
  if (!key.empty()) key.back() = static_cast<char>(static_cast<std::uint8_t>(key.back()) + 1);
  return key;
}

}  // namespace posthorn::engine::rocks
