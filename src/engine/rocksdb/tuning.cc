#include "engine/rocksdb/tuning.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include "engine/rocksdb/disk/error_listener.h"
#include "engine/rocksdb/disk/info_log.h"
#include "engine/rocksdb/layout.h"

namespace posthorn::engine::rocks {
namespace {

/// The prefix of a key that identifies a partition and the kind of row. Rows of one kind are mostly
/// written in ascending order, each next to the one before.
class RowKind final : public ::rocksdb::SliceTransform {
 public:
  [[nodiscard]] const char* Name() const override { return "posthorn.RowKind"; }
  [[nodiscard]] ::rocksdb::Slice Transform(const ::rocksdb::Slice& key) const override {
    return {key.data(), kSize};
  }
  [[nodiscard]] bool InDomain(const ::rocksdb::Slice& key) const override {
    return key.size() >= kSize;
  }

 private:
  static constexpr std::size_t kSize = kIdBytes + 1;
};

::rocksdb::CompressionType light_compression() {
  const auto supported = ::rocksdb::GetSupportedCompressions();
  const bool lz4 = std::ranges::find(supported, ::rocksdb::kLZ4Compression) != supported.end();
  return lz4 ? ::rocksdb::kLZ4Compression : ::rocksdb::kNoCompression;
}

::rocksdb::ColumnFamilyOptions base_family(const RocksDbOptions& options,
                                           const std::shared_ptr<::rocksdb::Cache>& cache) {
  ::rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = 8UL * 1024;
  table.format_version = 5;
  table.filter_policy.reset(::rocksdb::NewBloomFilterPolicy(10));
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  ::rocksdb::ColumnFamilyOptions family;
  family.table_factory.reset(::rocksdb::NewBlockBasedTableFactory(table));
  // Every key begins with the 16 random bytes of a partition or a piece, so a scan within one of
  // them can skip files that contain nothing of it.
  family.prefix_extractor.reset(::rocksdb::NewFixedPrefixTransform(kIdBytes));
  family.write_buffer_size = std::max<std::size_t>(options.write_buffer_bytes / 2, 1UL << 20);
  family.max_write_buffer_number = 4;
  family.level_compaction_dynamic_level_bytes = true;
  family.compression = ::rocksdb::kNoCompression;
  return family;
}

/// For values that the store has already compressed. They are kept apart from their keys, so that
/// compactions do not copy them repeatedly.
::rocksdb::ColumnFamilyOptions blob_family(const RocksDbOptions& options,
                                           const std::shared_ptr<::rocksdb::Cache>& cache) {
  ::rocksdb::ColumnFamilyOptions family = base_family(options, cache);
  family.enable_blob_files = true;
  family.min_blob_size = options.min_blob_bytes;
  family.blob_file_size = options.blob_file_bytes;
  family.blob_compression_type = ::rocksdb::kNoCompression;
  family.enable_blob_garbage_collection = true;
  family.blob_garbage_collection_age_cutoff = options.blob_garbage_age_cutoff;
  family.blob_garbage_collection_force_threshold = 0.5;
  family.blob_cache = cache;  // Without it, a cached-only read of a blob would never succeed.
  family.prepopulate_blob_cache = ::rocksdb::PrepopulateBlobCache::kFlushOnly;
  // Names are random, so most are not in the memtable.
  family.memtable_whole_key_filtering = true;
  family.memtable_prefix_bloom_size_ratio = 0.02;
  return family;
}

}  // namespace

::rocksdb::DBOptions db_options(const RocksDbOptions& options, ::rocksdb::Env* env,
                                const std::shared_ptr<::rocksdb::Cache>& cache,
                                const std::shared_ptr<Alarm>& alarm) {
  ::rocksdb::DBOptions db;
  if (env) db.env = env;
  db.create_missing_column_families = true;
  db.max_manifest_file_size = 16UL << 20;  // It is read at every start.
  db.max_open_files = options.max_open_files;
  db.max_background_jobs = options.background_threads;
  db.max_total_wal_size = options.wal_limit;
  db.write_buffer_manager =
      std::make_shared<::rocksdb::WriteBufferManager>(options.write_buffer_bytes, cache);
  // After a crash, the log may end in a torn record of writes that were never acknowledged; replay
  // stops there.
  db.wal_recovery_mode = ::rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // There is one writer thread; RocksDB would ignore insert hints with it.
  db.allow_concurrent_memtable_write = false;
  db.skip_stats_update_on_db_open = true;
  db.skip_checking_sst_file_sizes_on_db_open = true;
  db.bytes_per_sync = 1UL << 20;
  db.info_log = make_info_log();    // Writes no file to a disk that may be full.
  db.max_bgerror_resume_count = 0;  // The committer handles recovery.
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.listeners.push_back(make_error_listener(alarm));
  return db;
}

std::vector<::rocksdb::ColumnFamilyDescriptor> column_families(
    const RocksDbOptions& options, const std::shared_ptr<::rocksdb::Cache>& cache) {
  ::rocksdb::ColumnFamilyOptions meta = base_family(options, cache);
  meta.prefix_extractor.reset();
  ::rocksdb::ColumnFamilyOptions rows = base_family(options, cache);
  rows.compression = light_compression();
  rows.memtable_insert_with_hint_prefix_extractor = std::make_shared<RowKind>();
  return {{::rocksdb::kDefaultColumnFamilyName, meta},
          {"rows", rows},
          {"pages", blob_family(options, cache)},
          {"pieces", blob_family(options, cache)},
          {"holders", base_family(options, cache)}};
}

}  // namespace posthorn::engine::rocks
