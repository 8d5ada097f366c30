#pragma once

#include <rocksdb/db.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/rocksdb/rocksdb_engine.h"

/// The checks before RocksDB may open a folder for writing. When it opens, RocksDB deletes every
/// table file, blob file and log that its MANIFEST does not name. With a wrong MANIFEST or CURRENT,
/// all data would be lost. Such a folder is refused and left unchanged.
namespace posthorn::engine::rocks {

enum class Opening : std::uint8_t {
  create,    ///< The folder has none of a store's files; a store may be created.
  existing,  ///< A store with all of its files.
};

/// Decides whether and how `options.path` may be opened for writing with `settings` and `families`.
/// Reads the MANIFEST and the size of each file it names, but neither data nor logs. Creates at
/// most the file LOCK, and only where a store exists.
///
/// Errors: not_found (no store, and none is to be created), corrupt (a file is missing or has the
/// wrong size; the text names it), not_supported (written by a newer version), unavailable (another
/// process has it open), io.
Result<Opening> check_before_open(const RocksDbOptions& options,
                                  const ::rocksdb::DBOptions& settings,
                                  const std::vector<::rocksdb::ColumnFamilyDescriptor>& families);

/// Explains why RocksDB could not open `path`.
Error open_error(const ::rocksdb::Status& status, const std::string& path);

}  // namespace posthorn::engine::rocks
