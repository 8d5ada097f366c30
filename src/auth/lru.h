#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace posthorn::auth {

/// A map of at most `capacity` entries. Adding one more removes the least recently used. Each key
/// is stored once. Not synchronised.
template <class Value>
class LruMap {
 public:
  explicit LruMap(std::size_t capacity) : capacity_(capacity) {}
  LruMap(const LruMap&) = delete;
  LruMap& operator=(const LruMap&) = delete;

  /// Null if absent. A hit makes the entry the most recently used. Valid until the next at() or
  /// erase().
  Value* find(std::string_view key) {
    const auto at = index_.find(key);
    if (at == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, at->second);
    return &at->second->second;
  }
  /// Returns the value of `key`, which is created if absent.
  Value& at(std::string_view key) {
    if (Value* found = find(key)) return *found;
    if (entries_.size() >= capacity_ && !entries_.empty()) erase_at(std::prev(entries_.end()));
    entries_.emplace_front(std::string(key), Value{});
    index_.emplace(entries_.front().first, entries_.begin());
    return entries_.front().second;
  }
  void erase(std::string_view key) {
    const auto at = index_.find(key);
    if (at != index_.end()) erase_at(at->second);
  }
  template <class Predicate>
  std::size_t erase_if(Predicate predicate) {
    const std::size_t before = entries_.size();
    for (auto it = entries_.begin(); it != entries_.end();)
      it = predicate(it->first, it->second) ? erase_at(it) : std::next(it);
    return before - entries_.size();
  }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// Most recently used first.
  [[nodiscard]] auto begin() const { return entries_.begin(); }
  [[nodiscard]] auto end() const { return entries_.end(); }

 private:
  using Entries = std::list<std::pair<std::string, Value>>;
  typename Entries::iterator erase_at(typename Entries::iterator entry) {
    index_.erase(entry->first);  // Erase this first: it points to the key.
    return entries_.erase(entry);
  }

  std::size_t capacity_;
  Entries entries_;
  std::unordered_map<std::string_view, typename Entries::iterator> index_;
};

}  // namespace posthorn::auth
