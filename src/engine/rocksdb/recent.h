#pragma once

#include <cstddef>
#include <unordered_map>
#include <utility>

namespace posthorn::engine::rocks {

/// A bounded cache with two generations. When the younger is full, the older is discarded as a
/// whole. Holds at most twice `generation` entries.
/// Thread: one only.
template <class Key, class Value>
class Recent {
 public:
  explicit Recent(std::size_t generation) : generation_(generation) {}

  /// Returns null if the entry is not in the cache. The pointer is valid until the next call.
  const Value* find(const Key& key) {
    if (const auto it = young_.find(key); it != young_.end()) return &it->second;
    const auto it = old_.find(key);
    if (it == old_.end()) return nullptr;
    Value value = std::move(it->second);
    old_.erase(it);
    return &put(key, std::move(value));
  }

  const Value& put(const Key& key, Value value) {
    if (young_.size() >= generation_) {
      old_.swap(young_);
      young_.clear();
    }
    return young_.insert_or_assign(key, std::move(value)).first->second;
  }

  /// To be called when the record is removed.
  void forget(const Key& key) {
    young_.erase(key);
    old_.erase(key);
  }

  void clear() {
    young_.clear();
    old_.clear();
  }

 private:
  std::size_t generation_;
  std::unordered_map<Key, Value> young_;
  std::unordered_map<Key, Value> old_;
};

}  // namespace posthorn::engine::rocks
