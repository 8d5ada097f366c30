#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "store/value/sending.h"

namespace posthorn::service {

/// Counts recipients by name, within the last hour. The counts are lost at a restart. Thread: any.
class HourlyCounts {
 public:
  /// What is remembered at most. Beyond it, the names that were not used within the last two hours
  /// are forgotten; if there are none, all.
  static constexpr std::size_t kMaxNames = 10'000;

  /// Returns the recipients within the last hour. `now` is in seconds since 1970.
  [[nodiscard]] std::uint32_t used(const std::string& name, std::int64_t now) const;
  void add(const std::string& name, std::uint32_t recipients, std::int64_t now);

 private:
  void make_room(std::int64_t now) POSTHORN_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::unordered_map<std::string, store::UsageWindow> windows_ POSTHORN_GUARDED_BY(mutex_);
};

}  // namespace posthorn::service
