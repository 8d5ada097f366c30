#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/running_checksum.h"

/// Blocks of a table of which it is not known where they are, or whether they are intact.
namespace posthorn::engine::rocks {

inline constexpr std::uint64_t kBlockTrailer = 5;  ///< Behind a block: compression and checksum.

/// Returns whether the octets, which end with a block's trailer, have that block's checksum.
bool is_block(std::string_view octets);

/// Unpacks a block of which is_block() is true. Returns none if that cannot be done, or if it would
/// be larger than any block is.
std::optional<std::string> unpack_block(std::string_view octets);

/// Looks for blocks by their checksums: nothing else tells where one ends. The octets are hostile,
/// so the work is bounded.
class BlockSearch {
 public:
  /// What the search of one table may take: about ten seconds of a processor. A step is a length
  /// that is tried, of which most can be refused by one octet; a checksum counts for many.
  static constexpr std::uint64_t kSteps = 10'000'000'000;

  explicit BlockSearch(std::uint64_t steps = kSteps) : steps_(steps) {}

  /// Returns the length, without the trailer, of the block that begins with `octets`; 0 if no
  /// length up to `longest` gives its checksum, or if the work has reached its bound.
  std::uint64_t length_at(std::string_view octets, std::uint64_t longest);
  /// Returns whether a block with entries may begin so. Costs next to nothing.
  [[nodiscard]] static bool may_begin(std::string_view octets);
  /// Nothing more is looked for.
  [[nodiscard]] bool exhausted() const { return steps_ == 0; }

 private:
  void spend(std::uint64_t steps) { steps_ -= steps < steps_ ? steps : steps_; }

  std::uint64_t steps_;
  RunningChecksum checksum_;
};

}  // namespace posthorn::engine::rocks
