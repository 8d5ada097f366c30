#pragma once

#include <vector>

#include "engine/rocksdb/database.h"

namespace posthorn::engine::rocks {

/// Returns the table and blob files that the database's newest version names and that are missing
/// or have the wrong length. Reads lengths only. A compaction may remove files during the check;
/// files that are no longer named at its end are not reported.
/// Errors: io, if a length cannot be determined although the file exists.
Result<std::vector<FileDamage>> verify_files(Database& database);

}  // namespace posthorn::engine::rocks
