#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "search/thread.h"

namespace posthorn::search::testing {

struct PlainMessage {
  std::uint32_t position = 0;
  std::int64_t sent = 0;
  std::string base_subject;
  bool reply = false;
  std::string message_id;
  std::vector<std::string> references;
  std::int64_t arrived = 0;
};

/// The REFERENCES algorithm of RFC 5256 §3, step by step as written there. Nodes below
/// messages_.size() are the messages, the others are dummies.
class PlainReferences {
 public:
  explicit PlainReferences(std::vector<PlainMessage> messages) : messages_(std::move(messages)) {
    nodes_.resize(messages_.size());
  }

  ThreadForest run() {
    link_all();
    std::vector<std::uint32_t> roots;
    for (std::uint32_t i = 0; i < nodes_.size(); ++i)
      if (nodes_[i].parent == kNone) roots.push_back(i);
    roots = prune(roots);
    sort_dummies(roots);
    sort_siblings(roots);
    roots = merge_subjects(roots);
    return finish(std::move(roots));
  }

  /// REFS: without step 5, and with the threads in the order of their latest messages.
  ThreadForest run_refs() {
    link_all();
    std::vector<std::uint32_t> roots;
    for (std::uint32_t i = 0; i < nodes_.size(); ++i)
      if (nodes_[i].parent == kNone) roots.push_back(i);
    roots = prune(roots);
    for (const std::uint32_t node : children_first(roots)) sort_siblings(nodes_[node].children);
    std::ranges::sort(roots, {}, [&](std::uint32_t root) { return latest(root); });
    ThreadForest forest;
    for (const std::uint32_t root : roots) tell(forest, root, 0);
    return forest;
  }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Node {
    std::uint32_t parent = kNone;
    std::vector<std::uint32_t> children;
  };

  [[nodiscard]] bool is_dummy(std::uint32_t node) const { return node >= messages_.size(); }

  // Step 1.
  void link_all() {
    for (std::uint32_t i = 0; i < messages_.size(); ++i)
      if (!messages_[i].message_id.empty()) by_id_.try_emplace(messages_[i].message_id, i);
    for (std::uint32_t i = 0; i < messages_.size(); ++i) {
      std::uint32_t last = kNone;
      for (const std::string& id : messages_[i].references) {
        const std::uint32_t reference = node_of(id);
        if (last != kNone && nodes_[reference].parent == kNone) link(last, reference);
        last = reference;
      }
      unlink(i);
      if (last != kNone) link(last, i);
    }
  }

  std::uint32_t node_of(std::string_view id) {
    const auto [it, made] = by_id_.try_emplace(id, static_cast<std::uint32_t>(nodes_.size()));
    if (made) nodes_.emplace_back();
    return it->second;
  }

  void link(std::uint32_t parent, std::uint32_t child) {
    if (parent == child || is_below(parent, child)) return;
    nodes_[child].parent = parent;
    nodes_[parent].children.push_back(child);
  }

  [[nodiscard]] bool is_below(std::uint32_t node, std::uint32_t ancestor) const {
    if (nodes_[ancestor].children.empty()) return false;
    while (node != kNone && node != ancestor) node = nodes_[node].parent;
    return node == ancestor;
  }

  void unlink(std::uint32_t child) {
    const std::uint32_t parent = nodes_[child].parent;
    if (parent == kNone) return;
    std::erase(nodes_[parent].children, child);
    nodes_[child].parent = kNone;
  }

  /// Orders nodes from the leaves upwards, which avoids recursion.
  std::vector<std::uint32_t> children_first(const std::vector<std::uint32_t>& roots) const {
    std::vector<std::uint32_t> order(roots);
    for (std::size_t i = 0; i < order.size(); ++i)
      order.insert(order.end(), nodes_[order[i]].children.begin(), nodes_[order[i]].children.end());
    std::ranges::reverse(order);
    return order;
  }

  // Step 3.
  std::vector<std::uint32_t> prune(const std::vector<std::uint32_t>& roots) {
    for (const std::uint32_t node : children_first(roots)) promote_into(nodes_[node].children);
    std::vector<std::uint32_t> kept;
    for (const std::uint32_t root : roots) {
      const std::vector<std::uint32_t>& children = nodes_[root].children;
      if (!is_dummy(root) || children.size() > 1) {
        kept.push_back(root);
      } else if (children.size() == 1) {
        kept.push_back(children.front());
      }
    }
    return kept;
  }

  /// Replaces dummies by their children.
  void promote_into(std::vector<std::uint32_t>& siblings) {
    if (std::ranges::none_of(siblings, [&](std::uint32_t n) { return is_dummy(n); })) return;
    std::vector<std::uint32_t> out;
    for (const std::uint32_t node : siblings) {
      if (is_dummy(node)) {
        out.insert(out.end(), nodes_[node].children.begin(), nodes_[node].children.end());
      } else {
        out.push_back(node);
      }
    }
    siblings = std::move(out);
  }

  // Step 4.
  void sort_dummies(const std::vector<std::uint32_t>& roots) {
    for (const std::uint32_t root : roots)
      if (is_dummy(root)) sort_siblings(nodes_[root].children);
  }

  /// The message that represents a node: the node itself, or the first child of a dummy.
  [[nodiscard]] const PlainMessage& face(std::uint32_t node) const {
    while (is_dummy(node)) node = nodes_[node].children.front();
    return messages_[node];
  }

  void sort_siblings(std::vector<std::uint32_t>& siblings) const {
    std::ranges::sort(siblings, [&](std::uint32_t a, std::uint32_t b) {
      const PlainMessage& left = face(a);
      const PlainMessage& right = face(b);
      return std::tie(left.sent, left.position) < std::tie(right.sent, right.position);
    });
  }

  // Step 5.
  std::vector<std::uint32_t> merge_subjects(const std::vector<std::uint32_t>& roots) {
    std::unordered_map<std::string_view, std::uint32_t> table;
    for (const std::uint32_t root : roots) {
      const PlainMessage& thread = face(root);
      if (thread.base_subject.empty()) continue;
      const auto [it, added] = table.try_emplace(thread.base_subject, root);
      if (added || is_dummy(it->second)) continue;
      const bool replaces = is_dummy(root) || (face(it->second).reply && !thread.reply);
      if (replaces) it->second = root;
    }
    std::vector<std::uint32_t> kept;
    std::unordered_map<std::uint32_t, std::uint32_t>
        replaced;  // Maps a root to the dummy it was moved into.
    for (const std::uint32_t root : roots) {
      const auto it = table.find(face(root).base_subject);
      if (face(root).base_subject.empty() || it->second == root) {
        kept.push_back(root);
        continue;
      }
      merge(root, it->second, replaced);
    }
    for (std::uint32_t& root : kept)
      if (const auto it = replaced.find(root); it != replaced.end()) root = it->second;
    return kept;
  }

  void merge(std::uint32_t current, std::uint32_t& in_table,
             std::unordered_map<std::uint32_t, std::uint32_t>& replaced) {
    auto& children = nodes_[in_table].children;
    if (is_dummy(in_table)) {
      if (is_dummy(current)) {
        children.insert(children.end(), nodes_[current].children.begin(),
                        nodes_[current].children.end());
      } else {
        children.push_back(current);
      }
    } else if (messages_[in_table].reply == false && face(current).reply && !is_dummy(current)) {
      children.push_back(current);
    } else {
      const auto dummy = static_cast<std::uint32_t>(nodes_.size());
      nodes_.emplace_back();
      nodes_[dummy].children = {in_table, current};
      replaced[in_table] = dummy;
      in_table = dummy;
    }
  }

  /// When the last message of a thread arrived, and its position.
  [[nodiscard]] std::pair<std::int64_t, std::uint32_t> latest(std::uint32_t root) const {
    std::pair<std::int64_t, std::uint32_t> last(INT64_MIN, 0);
    for (const std::uint32_t node : children_first({root})) {
      if (!is_dummy(node))
        last = std::max(last, {messages_[node].arrived, messages_[node].position});
    }
    return last;
  }

  // Step 6.
  ThreadForest finish(std::vector<std::uint32_t> roots) {
    for (const std::uint32_t node : children_first(roots)) sort_siblings(nodes_[node].children);
    sort_siblings(roots);
    ThreadForest forest;
    for (const std::uint32_t root : roots) tell(forest, root, 0);
    return forest;
  }

  void tell(ThreadForest& forest, std::uint32_t node, std::uint32_t depth) const {
    ThreadNode told;
    if (!is_dummy(node)) told.position = messages_[node].position;
    told.depth = depth;
    forest.push_back(told);
    for (const std::uint32_t child : nodes_[node].children) tell(forest, child, depth + 1);
  }

  std::vector<PlainMessage> messages_;
  std::vector<Node> nodes_;
  std::unordered_map<std::string_view, std::uint32_t> by_id_;
};

}  // namespace posthorn::search::testing
