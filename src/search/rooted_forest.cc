#include "search/rooted_forest.h"

namespace posthorn::search {

// Initially each node is a path of its own, so that `up` is its parent.
RootedForest::RootedForest(std::span<const std::uint32_t> parents) : nodes_(parents.size()) {
  for (std::size_t i = 0; i < parents.size(); ++i) nodes_[i].up = parents[i];
}

bool RootedForest::is_top(std::uint32_t node) const {
  const std::uint32_t up = nodes_[node].up;
  return up == kNone || (nodes_[up].left != node && nodes_[up].right != node);
}

/// Exchanges a node with its parent in the splay tree. The order is unchanged.
void RootedForest::rotate(std::uint32_t node) {
  ++steps_;
  const std::uint32_t above = nodes_[node].up;
  const std::uint32_t top = nodes_[above].up;
  const bool is_left = nodes_[above].left == node;
  if (!is_top(above)) (nodes_[top].left == above ? nodes_[top].left : nodes_[top].right) = node;
  std::uint32_t& inner = is_left ? nodes_[node].right : nodes_[node].left;
  (is_left ? nodes_[above].left : nodes_[above].right) = inner;
  if (inner != kNone) nodes_[inner].up = above;
  inner = above;
  nodes_[above].up = node;
  nodes_[node].up = top;
}

void RootedForest::splay(std::uint32_t node) {
  while (!is_top(node)) {
    const std::uint32_t above = nodes_[node].up;
    if (!is_top(above)) {
      const std::uint32_t top = nodes_[above].up;
      const bool same_side = (nodes_[above].left == node) == (nodes_[top].left == above);
      rotate(same_side ? above : node);
    }
    rotate(node);
  }
}

/// Makes the path from the root to the node a splay tree with the node on top. The path ends at the
/// node.
void RootedForest::access(std::uint32_t node) {
  std::uint32_t below = kNone;
  for (std::uint32_t at = node; at != kNone; at = nodes_[at].up) {
    ++steps_;
    splay(at);
    // The previous child keeps its `up`, and thus becomes a path of its own.
    nodes_[at].right = below;
    below = at;
  }
  splay(node);
}

void RootedForest::link(std::uint32_t parent, std::uint32_t child) {
  access(child);  // It is a root: nothing is to its left.
  nodes_[child].up = parent;
}

void RootedForest::cut(std::uint32_t child) {
  access(child);
  const std::uint32_t above = nodes_[child].left;
  nodes_[child].left = kNone;
  nodes_[above].up = kNone;
}

std::uint32_t RootedForest::root_of(std::uint32_t node) {
  access(node);
  while (nodes_[node].left != kNone) {
    ++steps_;
    node = nodes_[node].left;
  }
  splay(node);  // Splaying keeps the cost amortised: otherwise the next call would be as expensive.
  return node;
}

}  // namespace posthorn::search
