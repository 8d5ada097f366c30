#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/ids.h"
#include "base/mutex.h"
#include "store/read/account_item.h"
#include "store/read/cache_budget.h"
#include "store/read/lru_cache.h"
#include "store/value/email.h"

namespace posthorn::store {

/// The stored messages of an account from one multiple of kSize to the next, by ordinal, as far as
/// they are in memory. A reader looks a run up once and then finds each of its messages without a
/// lock and without counting references, since a record that was put is never replaced.
/// Thread: any.
class RecordRun {
 public:
  static constexpr std::uint64_t kSize = 32;

  static std::uint64_t number_of(Ordinal ordinal) { return ordinal.value / kSize; }
  /// Returns null if the message is not in memory. The result is valid as long as the run.
  /// Requires: the ordinal belongs to this run.
  [[nodiscard]] const EmailRecord* find(Ordinal ordinal) const {
    const std::uint64_t at = ordinal.value % kSize;
    return (there_.load(std::memory_order_acquire) >> at & 1U) == 0 ? nullptr : records_[at].get();
  }
  /// Returns false if the message is there already. Requires: the ordinal belongs to this run.
  bool put(Ordinal ordinal, std::shared_ptr<const EmailRecord> record) const;

 private:
  mutable Mutex putting_;
  /// Written with `putting_` held and before its bit in `there_` is set, and never again.
  mutable std::array<std::shared_ptr<const EmailRecord>, kSize> records_;
  mutable std::atomic<std::uint32_t> there_ = 0;
};

/// The stored messages that are in memory one by one: those that came lately or are in no group,
/// and those that were read alone. Whole runs are dropped when there is no room.
/// Thread: any.
class RecordCache {
 public:
  /// `part` as in CacheBudget::Share.
  RecordCache(CacheBudget& budget, std::size_t part) : budget_(budget), runs_(budget, part) {}

  /// Returns the run that contains the message, or null if none of its messages is in memory.
  [[nodiscard]] std::shared_ptr<const RecordRun> find(const AccountId& account, Ordinal ordinal) {
    return runs_.find({account, RecordRun::number_of(ordinal)});
  }
  /// Keeps a record, unless it would take more than a quarter of the budget.
  void put(const AccountId& account, Ordinal ordinal, std::shared_ptr<const EmailRecord> record);
  /// Hits and misses are those of runs.
  [[nodiscard]] CacheUse use() { return runs_.use(); }

 private:
  CacheBudget& budget_;
  LruCache<AccountItem, RecordRun> runs_;
};

}  // namespace posthorn::store
