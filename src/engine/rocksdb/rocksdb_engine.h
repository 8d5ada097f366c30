#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/defaults.h"
#include "engine/engine.h"
#include "engine/engine_meter.h"
#include "engine/if_absent.h"

namespace posthorn::async {
class OffloadPool;
}

namespace posthorn::engine {

/// The embedded engine's settings. All sizes are in bytes.
struct RocksDbOptions {
  std::string path;  ///< The data directory.
  /// `create` makes the directory (mode 0700) and its parents.
  IfAbsent if_absent = IfAbsent::create;
  /// For blocks, blobs and write buffers together.
  std::size_t cache_bytes = defaults::kCacheOctets / 2;
  /// Data not yet in table files; part of the cache.
  std::size_t write_buffer_bytes = defaults::kWriteBufferOctets;
  /// Total size of the write-ahead logs; bounds the time of recovery.
  std::size_t wal_limit = 256UL << 20;
  int max_open_files = defaults::kOpenFiles;
  /// Pages and pieces of at least this size are stored in blob files.
  std::size_t min_blob_bytes = 4096;
  std::size_t blob_file_bytes = 256UL << 20;
  /// Fraction of the blob files, the oldest ones, that are cleaned.
  double blob_garbage_age_cutoff = 0.5;
  std::size_t unsynced_limit = 32UL << 20;  ///< Amount written ahead before the writer has to sync.
  /// Data waiting for the committer. Beyond it: unavailable.
  std::size_t queue_bytes = 128UL << 20;
  std::size_t queue_jobs = 1UL << 17;
  /// New data is refused while the disk has less free space than this, or less than a 16th of its
  /// size if that is smaller.
  std::uint64_t disk_reserve_bytes = 64UL << 20;
  int background_threads = 2;  ///< For flushes and compactions.
  /// Opens the store although acknowledged changes are lost in the write-ahead log (wal_check.h).
  /// Applies to this opening only, not when the engine reopens the directory after an error.
  bool accept_loss = false;
  /// Where awaited reads wait for the disk if they were awaited on a loop's thread. Must outlive
  /// the engine. If it is null, they wait in place: for programs that await none on a loop.
  async::OffloadPool* pool = nullptr;
  /// Counts what is written, unless it is null. Must outlive the engine.
  EngineMeter* meter = nullptr;
};

/// Opens the data directory, or creates it. Does not scan the data; after a crash it replays at
/// most `wal_limit`. Only one process may have the directory open. Nothing is changed before all
/// files of the store are known to be present, and all synced changes to be in the write-ahead log.
/// Errors: unavailable (another process has it open), not_supported (written by a newer version),
/// not_found (no store, and none is to be created), corrupt (a file is missing, damaged or of the
/// wrong size, or acknowledged changes are lost in the log and `accept_loss` is not set; the text
/// says what happened and what to do), io.
Result<std::unique_ptr<Engine>> open_rocksdb(const RocksDbOptions& options);

}  // namespace posthorn::engine
