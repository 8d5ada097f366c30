#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace posthorn::search {

/// A forest of numbered nodes that supports linking, cutting and finding the root of a node, each
/// in amortised O(log n) however deep the trees are. It is a link-cut tree (Sleator and Tarjan,
/// 1983) without reversal: each most recently used path from a root downwards is a splay tree
/// ordered by depth, whose topmost node points to the path above it.
class RootedForest {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  /// Creates the forest with these links; kNone marks a root. Takes time linear in the number of
  /// nodes.
  explicit RootedForest(std::span<const std::uint32_t> parents);
  /// Adds a node, as a root, with the next number.
  void add_node() { nodes_.emplace_back(); }
  /// Requires: `child` is a root, and `parent` is not in its tree.
  void link(std::uint32_t parent, std::uint32_t child);
  /// Makes `child` a root. Requires: it is not one.
  void cut(std::uint32_t child);
  std::uint32_t root_of(std::uint32_t node);
  /// The number of rotations so far, which is the cost of all calls.
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

 private:
  struct Node {
    /// Parent in the splay tree; for its topmost node, the node above the path.
    std::uint32_t up = kNone;
    std::uint32_t left = kNone;   ///< Nearer to the root.
    std::uint32_t right = kNone;  ///< Deeper.
  };
  [[nodiscard]] bool is_top(std::uint32_t node) const;
  void rotate(std::uint32_t node);
  void splay(std::uint32_t node);
  void access(std::uint32_t node);

  std::vector<Node> nodes_;
  std::uint64_t steps_ = 0;
};

}  // namespace posthorn::search
