#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/defaults.h"
#include "engine/engine.h"
#include "engine/if_absent.h"

namespace posthorn::engine {

/// The embedded engine's settings. All sizes are in bytes.
struct RocksDbOptions {
  std::string path;  ///< The data directory.
  /// `create` makes it (mode 0700), with its parents.
  IfAbsent if_absent = IfAbsent::create;
  std::size_t cache_bytes =
      defaults::kCacheOctets / 2;  ///< Blocks, blobs and write buffers together.
  std::size_t write_buffer_bytes =
      defaults::kWriteBufferOctets;     ///< Not yet in table files; part of the cache.
  std::size_t wal_limit = 256UL << 20;  ///< Of all write-ahead logs; bounds recovery.
  int max_open_files = defaults::kOpenFiles;
  std::size_t min_blob_bytes = 4096;  ///< Pages and pieces from here on lie in blob files.
  std::size_t blob_file_bytes = 256UL << 20;
  double blob_garbage_age_cutoff = 0.5;     ///< The older part of the blob files is cleaned.
  std::size_t unsynced_limit = 32UL << 20;  ///< Written ahead before the writer has to sync.
  std::size_t queue_bytes = 128UL << 20;    ///< Waiting for the committer; over it: unavailable.
  std::size_t queue_jobs = 1UL << 17;
  /// Nothing new is taken while the disk has less free than this (or than a 16th of it).
  std::uint64_t disk_reserve_bytes = 64UL << 20;
  int background_threads = 2;  ///< Flushes and compactions.
  /// Goes on where acknowledged changes are lost in the write-ahead log (wal_check.h). Only for the
  /// opening itself, not when the engine opens the directory again after an error.
  bool accept_loss = false;
};

/// Opens the data directory, or makes it. Walks over no data; after a crash it replays at most
/// `wal_limit`. One process may have it open. Nothing is changed before every file that the store
/// consists of is seen to be there, and every synced change is seen to be in the write-ahead log.
/// Errors: unavailable (another process has it), not_supported (written by a newer version),
/// not_found (no store, and none is to be made), corrupt (a file is missing, of another size, or
/// damaged, or acknowledged changes are lost in the log and `accept_loss` is not set; the text says
/// what and what to do), io.
Result<std::unique_ptr<Engine>> open_rocksdb(const RocksDbOptions& options);

}  // namespace posthorn::engine
