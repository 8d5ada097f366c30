#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "base/result.h"

namespace rocksdb {
class Env;
}

namespace posthorn::engine::rocks {

/// Keeps a part of the disk free for RocksDB's own work: while less is free than that, nothing new
/// is taken. A disk that fills up slowly so never makes a write of RocksDB fail: it still flushes
/// what was acknowledged, and as soon as there is room again everything goes on. Thread: any.
class DiskRoom {
 public:
  struct Space {
    std::uint64_t total = 0;
    std::uint64_t free = 0;
  };
  /// nullopt when it cannot be known; then there is room.
  using Measure = std::function<std::optional<Space>()>;

  /// `reserve` in bytes, but never more than a 16th of the disk.
  DiskRoom(std::uint64_t reserve, Measure measure)
      : reserve_(reserve), measure_(std::move(measure)) {}

  /// Looks at the disk at most each 100 ms. Errors: unavailable.
  Status check();

 private:
  void look();

  const std::uint64_t reserve_;
  const Measure measure_;
  std::mutex looking_;
  std::chrono::steady_clock::time_point looked_;
  std::atomic<bool> full_ = false;
};

/// Of the file system `path` lies on.
DiskRoom::Measure measure_disk(std::string path);

/// Whether the folder takes files and `bytes` more: writes one, syncs and removes it. Errors: io,
/// saying why not.
Status probe_disk(::rocksdb::Env& env, const std::string& folder, std::uint64_t bytes);

}  // namespace posthorn::engine::rocks
