#pragma once

#include <string>

#include "base/result.h"
#include "engine/rocksdb/database.h"

namespace posthorn::engine::rocks {

/// Snapshots::snapshot of the database in `folder`. Tables and blob files become hard links; the
/// MANIFEST, the log and the file LOSSES are copied. The write buffers are flushed before, so that
/// the log is short.
Status take_snapshot(Database& database, const std::string& folder, const std::string& path);

}  // namespace posthorn::engine::rocks
