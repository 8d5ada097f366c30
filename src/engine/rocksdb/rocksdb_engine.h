#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/defaults.h"
#include "engine/engine.h"

namespace posthorn::engine {

/// The embedded engine's settings. All sizes are in bytes.
struct RocksDbOptions {
  std::string path;  ///< The data directory; made (mode 0700), with its parents, if absent.
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
  int background_threads = 2;  ///< Flushes and compactions.
};

/// Opens the data directory, or makes it. Walks over no data; after a crash it replays at most
/// `wal_limit`. One process may have it open.
/// Errors: unavailable (another process has it), not_supported (written by a newer version), io,
/// corrupt.
Result<std::unique_ptr<Engine>> open_rocksdb(const RocksDbOptions& options);

}  // namespace posthorn::engine
