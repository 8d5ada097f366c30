#pragma once

#include <rocksdb/db.h>

#include <vector>

#include "engine/rocksdb/disk/alarm.h"
#include "engine/rocksdb/rocksdb_engine.h"

namespace posthorn::engine::rocks {

/// The RocksDB options for our options. Memory, files and log space are all bounded. The receiver
/// of `alarm` handles background errors.
::rocksdb::DBOptions db_options(const RocksDbOptions& options, ::rocksdb::Env* env,
                                const std::shared_ptr<::rocksdb::Cache>& cache,
                                const std::shared_ptr<Alarm>& alarm);

/// default (meta), rows, pages, pieces, holders; in the order of Database's handles.
std::vector<::rocksdb::ColumnFamilyDescriptor> column_families(
    const RocksDbOptions& options, const std::shared_ptr<::rocksdb::Cache>& cache);

}  // namespace posthorn::engine::rocks
