#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>

namespace posthorn::store {

/// An ordered map that is a value. A copy costs one pointer; a change copies the path to the
/// changed entry and shares the rest. A height-balanced (AVL) tree, so changes and lookups take
/// logarithmic time.
/// Thread: as for any value; nodes shared by copies are never modified.
template <class Key, class Value>
class PersistentMap {
  struct Node;
  using Pointer = std::shared_ptr<const Node>;
  struct Node {
    std::pair<Key, Value> entry;
    Pointer left;
    Pointer right;
    std::uint32_t size;
    std::uint8_t height;
  };

 public:
  /// Iterates in ascending order. Valid while the map it was taken from, or a copy of it, exists
  /// unchanged.
  class Iterator {
   public:
    using value_type = std::pair<Key, Value>;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;

    const value_type& operator*() const { return path_[depth_ - 1]->entry; }
    const value_type* operator->() const { return &path_[depth_ - 1]->entry; }
    Iterator& operator++() {
      const Node* right = path_[--depth_]->right.get();
      descend(right);
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const {
      return depth_ == other.depth_ &&
             (depth_ == 0 || path_[depth_ - 1] == other.path_[depth_ - 1]);
    }

   private:
    friend class PersistentMap;
    /// A tree of this height has more than 10^12 entries.
    static constexpr std::size_t kMaxHeight = 60;

    void descend(const Node* node) {
      for (; node != nullptr; node = node->left.get()) {
        assert(depth_ < kMaxHeight);
        path_[depth_++] = node;
      }
    }
    /// Nodes whose left subtree we are in or have passed.
    std::array<const Node*, kMaxHeight> path_;
    std::size_t depth_ = 0;
  };

  [[nodiscard]] std::size_t size() const { return size_of(root_); }
  [[nodiscard]] bool empty() const { return !root_; }
  [[nodiscard]] Iterator begin() const {
    Iterator it;
    it.descend(root_.get());
    return it;
  }
  [[nodiscard]] Iterator end() const { return {}; }

  /// Returns null if the key is absent.
  [[nodiscard]] const Value* find(const Key& key) const {
    const Node* node = root_.get();
    while (node != nullptr) {
      if (key < node->entry.first) {
        node = node->left.get();
      } else if (node->entry.first < key) {
        node = node->right.get();
      } else {
        return &node->entry.second;
      }
    }
    return nullptr;
  }

  /// Adds or replaces an entry.
  void set(const Key& key, Value value) { root_ = with(root_, key, std::move(value)); }
  void erase(const Key& key) {
    if (find(key) != nullptr) root_ = without(root_, key);
  }

 private:
  static std::size_t size_of(const Pointer& node) { return node ? node->size : 0; }
  static int height_of(const Pointer& node) { return node ? node->height : 0; }

  static Pointer make(std::pair<Key, Value> entry, Pointer left, Pointer right) {
    const auto size = static_cast<std::uint32_t>(1 + size_of(left) + size_of(right));
    const auto height = static_cast<std::uint8_t>(1 + std::max(height_of(left), height_of(right)));
    return std::make_shared<const Node>(
        Node{std::move(entry), std::move(left), std::move(right), size, height});
  }

  /// Like make(), for subtrees whose heights differ by at most two.
  static Pointer balanced(std::pair<Key, Value> entry, Pointer left, Pointer right) {
    const int lean = height_of(left) - height_of(right);
    if (lean > 1) {
      if (height_of(left->left) >= height_of(left->right))
        return make(left->entry, left->left, make(std::move(entry), left->right, std::move(right)));
      const Pointer& middle = left->right;
      return make(middle->entry, make(left->entry, left->left, middle->left),
                  make(std::move(entry), middle->right, std::move(right)));
    }
    if (lean < -1) {
      if (height_of(right->right) >= height_of(right->left))
        return make(right->entry, make(std::move(entry), std::move(left), right->left),
                    right->right);
      const Pointer& middle = right->left;
      return make(middle->entry, make(std::move(entry), std::move(left), middle->left),
                  make(right->entry, middle->right, right->right));
    }
    return make(std::move(entry), std::move(left), std::move(right));
  }

  static Pointer with(const Pointer& node, const Key& key, Value value) {
    if (!node) return make({key, std::move(value)}, nullptr, nullptr);
    if (key < node->entry.first)
      return balanced(node->entry, with(node->left, key, std::move(value)), node->right);
    if (node->entry.first < key)
      return balanced(node->entry, node->left, with(node->right, key, std::move(value)));
    return make({key, std::move(value)}, node->left, node->right);
  }

  /// Requires: the key is present.
  static Pointer without(const Pointer& node, const Key& key) {
    if (key < node->entry.first)
      return balanced(node->entry, without(node->left, key), node->right);
    if (node->entry.first < key)
      return balanced(node->entry, node->left, without(node->right, key));
    if (!node->left) return node->right;
    if (!node->right) return node->left;
    const Node* next = node->right.get();
    while (next->left) next = next->left.get();
    return balanced(next->entry, node->left, without(node->right, next->entry.first));
  }

  Pointer root_;
};

}  // namespace posthorn::store
