#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "auth/lru.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace posthorn::directory {

/// Answers of a directory, by the name that was asked for. The least recently used are dropped.
/// Thread: any.
template <class T>
class Cache {
 public:
  struct Limits {
    std::size_t entries = 0;
    std::chrono::seconds time{};           ///< 0: nothing is kept.
    std::chrono::seconds negative_time{};  ///< The same for names that the directory does not know.
  };
  Cache(Limits limits, const Clock& clock)
      : limits_(limits), clock_(clock), entries_(limits.entries) {}

  std::optional<T> find(std::string_view name) {
    const std::int64_t now = clock_.now().seconds;
    const MutexLock lock(mutex_);
    const Kept* const kept = entries_.find(name);
    // The clock may have been set back.
    if (kept == nullptr || now >= kept->until || now < kept->since) return std::nullopt;
    return kept->value;
  }
  /// To be called before the directory is asked, and passed to put().
  [[nodiscard]] std::uint64_t round() const {
    const MutexLock lock(mutex_);
    return round_;
  }
  /// Keeps an answer, unless something was forgotten since the question: the answer may be older.
  void put(std::string_view name, T value, bool is_negative, std::uint64_t round) {
    const std::int64_t now = clock_.now().seconds;
    const std::chrono::seconds time = is_negative ? limits_.negative_time : limits_.time;
    const MutexLock lock(mutex_);
    if (round != round_) return;
    if (time.count() == 0) return entries_.erase(name);
    entries_.at(name) = {std::move(value), now, now + time.count()};
  }
  /// Drops the entries for which `is_meant(name, value)` is true.
  template <class Predicate>
  void forget(Predicate is_meant) {
    const MutexLock lock(mutex_);
    ++round_;
    entries_.erase_if(
        [&](const std::string& name, const Kept& kept) { return is_meant(name, kept.value); });
  }

 private:
  struct Kept {
    T value{};
    std::int64_t since = 0;  ///< Seconds, as `until`.
    std::int64_t until = 0;
  };
  const Limits limits_;
  const Clock& clock_;
  mutable Mutex mutex_;
  auth::LruMap<Kept> entries_ POSTHORN_GUARDED_BY(mutex_);
  std::uint64_t round_ POSTHORN_GUARDED_BY(mutex_) = 0;  ///< The number of calls of forget().
};

}  // namespace posthorn::directory
