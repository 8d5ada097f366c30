#pragma once

#include <rocksdb/db.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/rocksdb/rocksdb_engine.h"

/// What is looked at before RocksDB may open a folder for writing. RocksDB deletes, on opening,
/// every table, blob file and log that its MANIFEST does not name; so a folder whose MANIFEST or
/// CURRENT is not the right one would lose everything. Such a folder is refused, and not changed.
namespace posthorn::engine::rocks {

enum class Opening : std::uint8_t {
  create,    ///< The folder has none of a store's files, and one may be made.
  existing,  ///< A store, of which everything is there.
};

/// Whether and how `options.path` may be opened for writing with `settings` and `families`. Reads
/// the MANIFEST and asks for the size of each file that it names: neither data nor logs are read.
/// Makes at most the file LOCK, and that only where a store is.
///
/// Errors: not_found (no store, and none is to be made), corrupt (a file is missing, or has not the
/// size it should have; the text names it), not_supported (written by a newer version),
/// unavailable (another process has it open), io.
Result<Opening> check_before_open(const RocksDbOptions& options,
                                  const ::rocksdb::DBOptions& settings,
                                  const std::vector<::rocksdb::ColumnFamilyDescriptor>& families);

/// What it means that RocksDB could not open `path`.
Error open_error(const ::rocksdb::Status& status, const std::string& path);

}  // namespace posthorn::engine::rocks
