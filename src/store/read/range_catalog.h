#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/shared_value.h"
#include "engine/engine.h"
#include "store/format/keys.h"

namespace posthorn::store {

/// What is stored for ranges of an account's messages, such as their search filters: one row for
/// each range, read once and kept in ascending order. No two ranges overlap. Thread: any.
///
/// `Ref` has members `first` and `last`, the prefix of its rows as `kPrefix`, and `of_row()`, which
/// returns something unusable for a row that cannot be read, so that it is replaced like one that
/// is outdated.
template <class Ref>
class RangeCatalog {
 public:
  using Refs = std::vector<Ref>;

  RangeCatalog(engine::Engine& engine, const PartitionId& partition)
      : engine_(engine), partition_(partition) {}

  /// Loads the list if it is not loaded, or if `again` is true. Errors: io, corrupt.
  async::Task<Result<std::shared_ptr<const Refs>>> load(bool again = false) {
    for (;;) {
      std::uint64_t before = 0;
      {
        const MutexLock lock(mutex_);
        if (auto known = refs_.load(); known && !again) co_return known;
        before = changes_;
      }
      auto refs = co_await read();
      if (!refs) co_return pass(refs);
      const MutexLock lock(mutex_);
      if (changes_ != before) continue;
      refs_.store(*refs);
      co_return *refs;
    }
  }
  /// Returns the range that a message is in; null if there is none.
  static const Ref* find(const Refs& refs, Ordinal ordinal) {
    const auto it = std::ranges::upper_bound(refs, ordinal, {}, &Ref::first);
    if (it == refs.begin()) return nullptr;
    const Ref& ref = *(it - 1);
    return ordinal <= ref.last ? &ref : nullptr;
  }
  /// Discards what load() read, because it was changed; the change must be durable.
  void forget() {
    const MutexLock lock(mutex_);
    ++changes_;
    refs_.store(nullptr);
  }

  /// Records that what is stored for the range that begins with `first` cannot be read, so that it
  /// is made again.
  void note_damaged(Ordinal first) {
    const MutexLock lock(mutex_);
    damaged_.insert(first);
  }
  [[nodiscard]] bool is_damaged(Ordinal first) const {
    const MutexLock lock(mutex_);
    return damaged_.contains(first);
  }
  void clear_damaged(Ordinal first) {
    const MutexLock lock(mutex_);
    damaged_.erase(first);
  }

 private:
  async::Task<Result<std::shared_ptr<const Refs>>> read() {
    auto refs = std::make_shared<Refs>();
    std::string from(Ref::kPrefix);
    for (;;) {
      constexpr std::size_t kRowsAtOnce = 4096;
      auto rows =
          co_await engine_.scan(partition_, from, keys::after_prefix(Ref::kPrefix), kRowsAtOnce);
      if (!rows) co_return pass(rows);
      for (const engine::Row& row : rows->rows) refs->push_back(Ref::of_row(row));
      if (!rows->next_key) co_return refs;
      from = *rows->next_key;
    }
  }

  engine::Engine& engine_;
  const PartitionId partition_;
  mutable Mutex mutex_;
  std::uint64_t changes_ POSTHORN_GUARDED_BY(mutex_) = 0;  ///< How often forget() was called.
  std::set<Ordinal> damaged_ POSTHORN_GUARDED_BY(mutex_);
  SharedValue<Refs> refs_;
};

}  // namespace posthorn::store
