#pragma once

#include <rocksdb/env.h>

#include "base/result.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "engine/rocksdb/wal/wal_marks.h"

namespace posthorn::engine::rocks {

/// Checks the write-ahead logs of the data directory before RocksDB opens it (wal_check.h), and
/// returns the marks to continue from. A loss is an error, and nothing is changed; with
/// `options.accept_loss` the loss is accepted and logged as an error. A directory without a
/// database passes; so does one that another process has open, which RocksDB will refuse.
/// Errors: corrupt (acknowledged changes are lost; the text says which, and what to do), io.
Result<WalMarks> guard_wal(const RocksDbOptions& options, ::rocksdb::Env& env);

}  // namespace posthorn::engine::rocks
