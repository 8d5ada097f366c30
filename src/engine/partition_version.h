#pragma once

#include <cstdint>

#include "base/ids.h"

namespace posthorn::engine {

/// Names one state of a partition: what its commits have made of it so far.
struct PartitionVersion {
  /// The sum of what the commits advanced it by: the number of visible changes.
  Seq tail;
  /// The number of commits. Every commit moves it by one, also one that advances the tail by 0, so
  /// that two states of a partition never have the same revision. A commit is guarded by this.
  std::uint64_t revision = 0;
  /// The revision of the last commit that advanced the tail by 0. Such a commit changes nothing
  /// visible: it moves what is stored to another place, or drops what nobody can see any more.
  std::uint64_t layout = 0;

  /// The version after a commit that was computed from this one.
  [[nodiscard]] constexpr PartitionVersion after(std::uint64_t advance) const {
    return {Seq{tail.value + advance}, revision + 1, advance == 0 ? revision + 1 : layout};
  }
  friend constexpr bool operator==(const PartitionVersion&, const PartitionVersion&) = default;
};

}  // namespace posthorn::engine
