#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace posthorn::search {

/// Trees of numbered nodes that are linked and cut, and asked for the root of a node: each in
/// amortised O(log n), however deep the trees are. A link-cut tree (Sleator and Tarjan, 1983)
/// without reversal: each path from the root down that was used last is a splay tree in the order
/// of depth, and its topmost node points to the path above it.
class RootedForest {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  /// With these links already made; kNone: a root. Linear in the number of nodes.
  explicit RootedForest(std::span<const std::uint32_t> parents);
  /// One more node, a root, with the next number.
  void add_node() { nodes_.emplace_back(); }
  /// Requires: `child` is a root, and `parent` is not below it.
  void link(std::uint32_t parent, std::uint32_t child);
  /// Makes `child` a root. Requires: it is none.
  void cut(std::uint32_t child);
  std::uint32_t root_of(std::uint32_t node);
  /// Rotations so far: what the calls have cost.
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

 private:
  struct Node {
    std::uint32_t up = kNone;     ///< In the splay tree; of its top: the node above the path.
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
