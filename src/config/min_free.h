#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace posthorn::config {

/// How much of a disk is to stay free.
struct MinFree {
  std::uint64_t octets = 0;
  std::uint64_t percent = 100;  ///< Of the disk; the smaller of the two counts.

  /// For a disk of that size, in octets. 0: nothing has to stay free.
  [[nodiscard]] std::uint64_t of(std::uint64_t disk) const;
};

/// Reads a size ("10GB", "0"), a part of the disk ("5%", at most 90%) or "auto". Errors:
/// bad_argument with a sentence that does not name the place.
Result<MinFree> parse_min_free(std::string_view text);

}  // namespace posthorn::config
