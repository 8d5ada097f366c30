#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

namespace posthorn::auth {

/// A map of at most `capacity` entries: putting one more forgets the one not touched for longest.
/// Not synchronised.
template <class Value>
class LruMap {
 public:
  explicit LruMap(std::size_t capacity) : capacity_(capacity) {}

  /// Null when absent; a hit counts as a touch. Valid until the next put() or erase().
  Value* find(const std::string& key) {
    const auto at = index_.find(key);
    if (at == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, at->second);
    return &at->second->second;
  }
  /// The value at `key`, made fresh when absent.
  Value& at(const std::string& key) {
    if (Value* found = find(key)) return *found;
    if (entries_.size() >= capacity_ && !entries_.empty())
      erase(std::string(entries_.back().first));
    entries_.emplace_front(key, Value{});
    index_.emplace(key, entries_.begin());
    return entries_.front().second;
  }
  void erase(const std::string& key) {
    const auto at = index_.find(key);
    if (at == index_.end()) return;
    entries_.erase(at->second);
    index_.erase(at);
  }
  template <class Predicate>
  std::size_t erase_if(Predicate predicate) {
    const std::size_t before = entries_.size();
    for (auto it = entries_.begin(); it != entries_.end();) {
      if (predicate(it->first, it->second)) {
        index_.erase(it->first);
        it = entries_.erase(it);
      } else {
        ++it;
      }
    }
    return before - entries_.size();
  }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// Most recently touched first.
  [[nodiscard]] auto begin() const { return entries_.begin(); }
  [[nodiscard]] auto end() const { return entries_.end(); }

 private:
  using Entries = std::list<std::pair<std::string, Value>>;
  std::size_t capacity_;
  Entries entries_;
  std::unordered_map<std::string, typename Entries::iterator> index_;
};

}  // namespace posthorn::auth
