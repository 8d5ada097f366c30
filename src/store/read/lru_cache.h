#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <utility>

#include "base/mutex.h"
#include "store/read/cache_budget.h"

namespace posthorn::store {

/// How a cache was used since the start, and its estimated size now.
struct CacheUse {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t bytes = 0;
};

/// A cache of shared immutable values by key. Beyond its budget, values that have not been used for
/// long are dropped: the least recently used one of each of `Shards` (a power of two) in turn.
/// Thread: any.
template <class Key, class Value, std::size_t Shards = 16>
class LruCache {
 public:
  using Pointer = std::shared_ptr<const Value>;

  /// A cache that shares a budget with others; `part` as in CacheBudget::Share.
  LruCache(CacheBudget& budget, std::size_t part)
      : budget_(budget), share_(budget, part, [this] { return drop_one(); }) {}
  LruCache(const LruCache&) = delete;
  LruCache& operator=(const LruCache&) = delete;

  [[nodiscard]] Pointer find(const Key& key) {
    Shard& shard = shard_of(key);
    const MutexLock lock(shard.mutex);
    const auto it = shard.entries.find(key);
    if (it == shard.entries.end()) {
      ++shard.misses;
      return nullptr;
    }
    ++shard.hits;
    shard.order.splice(shard.order.begin(), shard.order, it->second);
    return it->second->value;
  }

  void put(const Key& key, Pointer value, std::size_t bytes) {
    {
      Shard& shard = shard_of(key);
      const MutexLock lock(shard.mutex);
      insert(shard, key, std::move(value), bytes);
    }
    budget_.make_room();
  }

  /// Returns the value of the key. If there is none, it becomes what `make` returns, with this
  /// size.
  template <class Make>
  [[nodiscard]] Pointer find_or_put(const Key& key, std::size_t bytes, Make make) {
    Pointer value;
    {
      Shard& shard = shard_of(key);
      const MutexLock lock(shard.mutex);
      if (const auto it = shard.entries.find(key); it != shard.entries.end()) {
        shard.order.splice(shard.order.begin(), shard.order, it->second);
        return it->second->value;
      }
      value = make();
      insert(shard, key, value, bytes);
    }
    budget_.make_room();
    return value;
  }

  /// Counts so many bytes more for a value that has grown, if it is still there.
  void grew(const Key& key, const Pointer& value, std::size_t bytes) {
    {
      Shard& shard = shard_of(key);
      const MutexLock lock(shard.mutex);
      const auto it = shard.entries.find(key);
      if (it == shard.entries.end() || it->second->value != value) return;
      it->second->bytes += bytes;
      share_.took(bytes);
    }
    budget_.make_room();
  }

  /// For values that change: take this count before reading the value from the engine, and pass it
  /// to put_unless_erased() with the value. A value read before an erase() is then not kept after
  /// it.
  [[nodiscard]] std::uint64_t erasures(const Key& key) {
    Shard& shard = shard_of(key);
    const MutexLock lock(shard.mutex);
    return shard.erasures;
  }
  void put_unless_erased(const Key& key, Pointer value, std::size_t bytes, std::uint64_t erasures) {
    {
      Shard& shard = shard_of(key);
      const MutexLock lock(shard.mutex);
      if (shard.erasures == erasures) insert(shard, key, std::move(value), bytes);
    }
    budget_.make_room();
  }

  [[nodiscard]] CacheUse use() {
    CacheUse use;
    for (Shard& shard : shards_) {
      const MutexLock lock(shard.mutex);
      use.hits += shard.hits;
      use.misses += shard.misses;
    }
    use.bytes = share_.used();
    return use;
  }

  /// Erases all entries.
  void clear() {
    for (Shard& shard : shards_) {
      const MutexLock lock(shard.mutex);
      ++shard.erasures;
      while (!shard.order.empty()) remove(shard, shard.order.begin());
    }
  }

  void erase(const Key& key) {
    Shard& shard = shard_of(key);
    const MutexLock lock(shard.mutex);
    ++shard.erasures;
    if (const auto it = shard.entries.find(key); it != shard.entries.end())
      remove(shard, it->second);
  }

 private:
  static constexpr std::size_t kOverhead = 128;  // Estimated size of the list and map nodes.

  struct Entry {
    Key key;
    Pointer value;
    std::size_t bytes;
  };
  struct Shard {
    Mutex mutex;
    std::list<Entry> order POSTHORN_GUARDED_BY(mutex);
    std::unordered_map<Key, typename std::list<Entry>::iterator> entries POSTHORN_GUARDED_BY(mutex);
    std::uint64_t erasures POSTHORN_GUARDED_BY(mutex) = 0;
    std::uint64_t hits POSTHORN_GUARDED_BY(mutex) = 0;
    std::uint64_t misses POSTHORN_GUARDED_BY(mutex) = 0;
  };

  void insert(Shard& shard, const Key& key, Pointer value, std::size_t bytes)
      POSTHORN_REQUIRES(shard.mutex) {
    bytes += kOverhead;
    if (bytes > budget_.bytes() / 4) return;
    if (const auto it = shard.entries.find(key); it != shard.entries.end())
      remove(shard, it->second);
    shard.order.push_front({key, std::move(value), bytes});
    shard.entries.emplace(key, shard.order.begin());
    share_.took(bytes);
  }

  void remove(Shard& shard, typename std::list<Entry>::iterator it) POSTHORN_REQUIRES(shard.mutex) {
    share_.gave_back(it->bytes);
    shard.entries.erase(it->key);
    shard.order.erase(it);
  }

  /// CacheBudget::Share's.
  bool drop_one() {
    for (std::size_t i = 0; i < Shards; ++i) {
      Shard& shard = shards_[next_.fetch_add(1, std::memory_order_relaxed) % Shards];
      Pointer dropped;  // Destroyed without the lock.
      const MutexLock lock(shard.mutex);
      if (shard.order.empty()) continue;
      const auto oldest = std::prev(shard.order.end());
      dropped = std::move(oldest->value);
      remove(shard, oldest);
      return true;
    }
    return false;
  }

  Shard& shard_of(const Key& key) {
    if constexpr (Shards == 1) {
      return shards_.front();
    } else {
      return shards_[std::hash<Key>{}(key) * 0x9E3779B97F4A7C15ULL >>
                     (64 - std::countr_zero(Shards))];
    }
  }

  CacheBudget& budget_;
  CacheBudget::Share share_;
  std::atomic<std::size_t> next_ = 0;  ///< The shard that drops a value next.
  std::array<Shard, Shards> shards_;
};

}  // namespace posthorn::store
