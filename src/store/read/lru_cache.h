#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <utility>

#include "base/mutex.h"

namespace posthorn::store {

/// A cache of shared immutable values by key. Beyond a budget in bytes, the least recently used
/// values are dropped. The budget is divided evenly among `Shards` (a power of two). Use few shards
/// for large values, because a single value must fit into the share of one shard.
/// Thread: any.
template <class Key, class Value, std::size_t Shards = 16>
class LruCache {
 public:
  using Pointer = std::shared_ptr<const Value>;

  explicit LruCache(std::size_t budget_bytes) : budget_(budget_bytes / Shards) {}

  [[nodiscard]] Pointer find(const Key& key) {
    Shard& shard = shard_of(key);
    const MutexLock lock(shard.mutex);
    const auto it = shard.entries.find(key);
    if (it == shard.entries.end()) return nullptr;
    shard.order.splice(shard.order.begin(), shard.order, it->second);
    return it->second->value;
  }

  void put(const Key& key, Pointer value, std::size_t bytes) {
    Shard& shard = shard_of(key);
    const MutexLock lock(shard.mutex);
    insert(shard, key, std::move(value), bytes);
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
    Shard& shard = shard_of(key);
    const MutexLock lock(shard.mutex);
    if (shard.erasures == erasures) insert(shard, key, std::move(value), bytes);
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
    std::size_t bytes POSTHORN_GUARDED_BY(mutex) = 0;
    std::uint64_t erasures POSTHORN_GUARDED_BY(mutex) = 0;
  };

  void insert(Shard& shard, const Key& key, Pointer value, std::size_t bytes)
      POSTHORN_REQUIRES(shard.mutex) {
    bytes += kOverhead;
    if (bytes > budget_) return;
    if (const auto it = shard.entries.find(key); it != shard.entries.end())
      remove(shard, it->second);
    shard.order.push_front({key, std::move(value), bytes});
    shard.entries.emplace(key, shard.order.begin());
    shard.bytes += bytes;
    while (shard.bytes > budget_) remove(shard, std::prev(shard.order.end()));
  }

  Shard& shard_of(const Key& key) {
    return shards_[std::hash<Key>{}(key) * 0x9E3779B97F4A7C15ULL >>
                   (64 - std::countr_zero(Shards))];
  }
  static void remove(Shard& shard, typename std::list<Entry>::iterator it)
      POSTHORN_REQUIRES(shard.mutex) {
    shard.bytes -= it->bytes;
    shard.entries.erase(it->key);
    shard.order.erase(it);
  }

  std::size_t budget_;
  std::array<Shard, Shards> shards_;
};

}  // namespace posthorn::store
