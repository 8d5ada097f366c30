#pragma once

#include <vector>

#include "engine/rocksdb/database.h"

namespace posthorn::engine::rocks {

/// The table and blob files that the newest version of the database names, and that are missing or of
/// another length than it says. Reads their lengths only. A compaction may remove files meanwhile:
/// what is no longer named in the end is not reported. Errors: io, when a length cannot be found out
/// for another reason than that the file is missing.
Result<std::vector<FileDamage>> verify_files(Database& database);

}  // namespace posthorn::engine::rocks
