#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/rocksdb/salvage/table_file.h"

namespace posthorn::engine::rocks {

/// What a file says about a key at one moment.
struct KeyVersion {
  std::uint64_t sequence = 0;
  /// Of two tables that have the same sequence number, usually 0, the newer has a higher one here.
  std::size_t file = 0;
  EntryKind kind = EntryKind::removed;
  std::string value;  ///< Of `blob`: the place in a blob file.
};

/// The newest version of each key in the write-ahead logs, by the number of its family. At most as
/// much as the logs have, which is bounded (RocksDbOptions::wal_limit).
struct LoggedKeys {
  std::map<std::uint32_t, std::map<std::string, KeyVersion>> families;
  std::vector<std::string> losses;  ///< Acknowledged changes that are lost, one sentence each.
};

/// Reads every log in the folder: of what was synced, all records that can be read; of what was
/// not, those before the first damage, as after any crash (wal_check.h). Errors: io.
Result<LoggedKeys> read_logs(const std::string& folder);

}  // namespace posthorn::engine::rocks
