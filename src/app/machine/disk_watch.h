#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/shared_value.h"
#include "config/min_free.h"

namespace posthorn::app {

/// Judges from time to time whether so little of the disk is free that new mail is to be refused
/// (storage.min_free). It says so once in the log when that begins, and once when it ends. This is
/// long before the store refuses to write (engine/rocksdb/disk/disk_room.h), so that everything
/// that frees space still works.
class DiskWatch {
 public:
  struct Space {
    std::uint64_t total = 0;
    std::uint64_t free = 0;  ///< For this process.
  };
  /// Returns nullopt if the space cannot be determined; then nothing changes.
  using Measure = std::function<std::optional<Space>()>;
  /// `tell` is called with every judgement that differs from the one before; the first is `false`.
  DiskWatch(Measure measure, config::MinFree least, std::function<void(bool low)> tell);

  /// Takes effect with the next look.
  /// Thread: any.
  void set(const config::MinFree& least);
  /// Measures and judges. It ends only when a quarter more than the threshold is free, so that a
  /// server that is at its limit does not change its mind every few seconds. Blocks.
  /// Thread: one at a time.
  void look();
  /// Thread: any.
  [[nodiscard]] bool is_low() const { return low_.load(); }

 private:
  const Measure measure_;
  SharedValue<config::MinFree> least_;
  const std::function<void(bool)> tell_;
  std::atomic<bool> low_ = false;
};

/// Measures the file system that contains `path`.
DiskWatch::Measure measure_space(std::string path);

}  // namespace posthorn::app
