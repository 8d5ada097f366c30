#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"

/// The names of all objects and rows, and what is in them. docs/storage-format.md, "RADOS", has the
/// list.
namespace posthorn::engine::rados {

/// The version of everything in this file. A store of a later one is not opened, and one of an
/// earlier one gets this one when it is opened. 2: bodies may be in rows (small_body_octets()), and
/// a partition's object has octets that mean nothing (guarded_write.h).
inline constexpr std::uint32_t kFormat = 2;

/// `rows` is the pool of what has omap; it is replicated. `blobs` may be erasure-coded.
enum class Pool : std::uint8_t { rows, blobs };

/// The object of the store itself, in both pools.
inline constexpr const char* kStoreObject = "posthorn";
/// Watched by every node.
inline constexpr const char* kBellObject = "bells";

std::string partition_object(const PartitionId& id);
std::optional<PartitionId> partition_of_object(std::string_view name);
std::string page_object(const PartitionId& partition, PageNumber number);
std::string piece_object(const PieceName& name);
std::optional<PieceName> piece_of_object(std::string_view name);
std::string holders_object(const PieceName& name);

/// Pages of at least this size are in the pool `blobs`.
inline constexpr std::size_t kLargePage = 64UL * 1024;

// --- rows of a partition's object ----------------------------------------------------------------

inline constexpr std::string_view kHeaderRow = "h";
/// The partition's rows begin with this.
inline constexpr std::string_view kRowPrefix = "r";
/// Rows that list the partition's pages.
inline constexpr std::string_view kPagePrefix = "p";

/// Keeps the order. There is no zero octet in it, since librados takes the bounds of a range as C
/// strings: the octets 0 and 1 become 1 1 and 1 2.
std::string row_name(std::string_view key);
/// None if the name is damaged.
std::optional<std::string> key_of_row(std::string_view name);
std::string page_row(PageNumber number);
std::optional<PageNumber> page_of_row(std::string_view name);

/// What a commit is guarded by: all of it is compared, octet by octet.
struct Header {
  static constexpr std::size_t kIds = 32;

  PartitionVersion version;
  /// Random. Moved by whoever takes the place of a commit of unknown fate (committer.h).
  std::uint64_t bump = 0;
  /// Random numbers of the last commits, the newest first.
  std::vector<std::uint64_t> ids;

  /// Empty for a partition without commits.
  [[nodiscard]] std::string encode() const;
  /// Errors: corrupt, not_supported (of a newer version).
  static Result<Header> parse(std::string_view stored);
  /// The id of the commit that made this revision; none if it is too long ago, or to come.
  [[nodiscard]] std::optional<std::uint64_t> maker_of(std::uint64_t revision) const;
  friend bool operator==(const Header&, const Header&) = default;
};

// --- candidates ----------------------------------------------------------------------------------

/// Candidates are in this many objects, by the first bits of the holder, so that their order is
/// that of the candidates.
inline constexpr std::size_t kCandidateShards = 64;
std::size_t candidate_shard(const PartitionId& holder);
std::string candidate_object(std::size_t shard);
/// `kept`: a candidate. `passing`: made by a commit that is under way and holds the piece; a
/// candidate only if the commit's node died, which is judged by its age.
enum class CandidateKind : std::uint8_t { kept, passing };
std::string_view prefix_of(CandidateKind kind);
std::string candidate_row(CandidateKind kind, const PartitionId& holder, const PieceName& piece);

struct CandidateValue {
  std::int64_t stamp = 0;
  std::int64_t made = 0;  ///< By the clock of who made it, seconds since 1970.
};
std::string encode_candidate(const CandidateValue& value);
/// Errors: corrupt.
Result<std::pair<Candidate, CandidateValue>> parse_candidate(std::string_view row,
                                                             std::string_view value);

// --- holders -------------------------------------------------------------------------------------

std::string holder_row(const PartitionId& holder);
std::string encode_stamp(std::int64_t stamp);
/// Errors: corrupt.
Result<std::int64_t> parse_stamp(std::string_view value);
Result<Holder> parse_holder(std::string_view row, std::string_view value);

}  // namespace posthorn::engine::rados
