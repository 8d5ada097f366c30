#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "base/mutex.h"
#include "base/result.h"

namespace rocksdb {
class Env;
}

namespace posthorn::engine::rocks {

/// Keeps part of the disk free for RocksDB's own work. While less is free, new data is refused.
/// When a disk fills up slowly, RocksDB's writes thus never fail: it still flushes what was
/// acknowledged, and work continues as soon as there is room again.
/// Thread: any.
class DiskRoom {
 public:
  struct Space {
    std::uint64_t total = 0;
    std::uint64_t free = 0;
  };
  /// Returns nullopt if the space cannot be determined; then the check passes.
  using Measure = std::function<std::optional<Space>()>;

  /// `reserve` is in bytes; a 16th of the disk is used if that is less.
  DiskRoom(std::uint64_t reserve, Measure measure)
      : reserve_(reserve), measure_(std::move(measure)) {}

  /// Reads the state of the disk at most every 100 ms. Errors: unavailable.
  Status check();

 private:
  void look() POSTHORN_REQUIRES(looking_);

  const std::uint64_t reserve_;
  const Measure measure_;
  Mutex looking_;
  std::chrono::steady_clock::time_point looked_ POSTHORN_GUARDED_BY(looking_);
  std::atomic<bool> full_ = false;
};

/// Measures the file system that contains `path`.
DiskRoom::Measure measure_disk(std::string path);

/// Checks that the folder accepts files and `bytes` more data: writes a file, syncs it and removes
/// it. Errors: io, with the reason.
Status probe_disk(::rocksdb::Env& env, const std::string& folder, std::uint64_t bytes);

}  // namespace posthorn::engine::rocks
