#pragma once

#include <rocksdb/status.h>

#include "base/result.h"

namespace posthorn::engine::rocks {

/// Converts a RocksDB status that is not ok to an error: not_found, would_block (a cached-only read
/// that would have had to wait), corrupt, unavailable or io. RocksDB's text becomes the cause.
Error error_from(const ::rocksdb::Status& status);

[[nodiscard]] inline std::unexpected<Error> fail(const ::rocksdb::Status& status) {
  return std::unexpected(error_from(status));
}

}  // namespace posthorn::engine::rocks
