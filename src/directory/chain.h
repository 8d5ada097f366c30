#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "directory/source.h"

namespace posthorn::directory {

/// The directories of the configuration, in the order in which they are asked.
struct Chain {
  std::vector<std::unique_ptr<Source>> sources = {};
  /// The store's own accounts come before the source of this number; none: they do not count.
  std::optional<std::size_t> internal_at = 0;
};

}  // namespace posthorn::directory
