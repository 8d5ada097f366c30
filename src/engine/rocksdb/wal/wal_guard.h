#pragma once

#include <rocksdb/env.h>

#include "base/result.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "engine/rocksdb/wal/wal_marks.h"

namespace posthorn::engine::rocks {

/// Before RocksDB opens the data directory: judges its write-ahead logs (wal_check.h). Answers the
/// marks to go on from. Something lost is an error, and nothing is changed; with
/// `options.accept_loss` it is an error in the log alone. A directory without a database passes,
/// and so does one that another process has open, which RocksDB will refuse. Errors: corrupt
/// (acknowledged changes are lost: the text says which and what to do), io.
Result<WalMarks> guard_wal(const RocksDbOptions& options, ::rocksdb::Env& env);

}  // namespace posthorn::engine::rocks
