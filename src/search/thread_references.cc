#include <algorithm>
#include <numeric>
#include <optional>

#include "search/rooted_forest.h"
#include "search/thread_input.h"

namespace posthorn::search {
namespace {

constexpr std::uint32_t kNone = ThreadInput::kNone;

/// What distinguishes REFS from REFERENCES.
enum class Variant : std::uint8_t { references, refs };

/// The REFERENCES algorithm of RFC 5256 §3, step by step. Nodes below message_count_ are messages,
/// the others are dummies. While links are made, only parents are stored. The children are listed
/// afterwards, oldest first, by visiting the messages in the order of their dates.
class References {
 public:
  References(const ThreadInput& messages, Work& work, Variant variant, std::uint64_t steps_by_foot)
      : messages_(messages),
        work_(work),
        variant_(variant),
        message_count_(messages.count()),
        steps_by_foot_(steps_by_foot) {}

  /// Empty if the work was over before the end.
  ThreadForest run() {
    link_all();
    if (work_.is_over()) return {};
    // Everything below is linear in the messages and the ids they contain.
    work_.add(kStepsAfterLinks * parent_.size());
    order_by_date();
    lift_above_dummies();
    list_children();
    if (variant_ == Variant::refs) return walk(by_latest(find_roots()));
    const std::vector<std::uint32_t> roots = merge_subjects(by_face(find_roots()));
    order_merged();
    return walk(by_face(roots));
  }

 private:
  static constexpr std::uint64_t kStepsAfterLinks = 20;
  [[nodiscard]] bool is_dummy(std::uint32_t node) const { return node >= message_count_; }

  // Step 1.
  void link_all() {
    std::vector<std::uint32_t> node_of_id(messages_.id_count(), kNone);
    for (std::uint32_t m = 0; m < message_count_; ++m) {
      const std::uint32_t id = messages_.id(m);
      if (id != kNone && node_of_id[id] == kNone) node_of_id[id] = m;
    }
    parent_.assign(message_count_, kNone);
    child_counts_.assign(message_count_, 0);
    for (std::uint32_t m = 0; m < message_count_; ++m) {
      if (work_.is_over()) return;
      std::uint32_t last = kNone;
      for (const std::uint32_t id : messages_.references(m)) {
        work_.add(2);
        if (node_of_id[id] == kNone) node_of_id[id] = make_dummy();
        const std::uint32_t reference = node_of_id[id];
        if (last != kNone && parent_[reference] == kNone) link(last, reference);
        last = reference;
      }
      unlink(m);
      if (last != kNone) link(last, m);
    }
  }

  std::uint32_t make_dummy() {
    const auto node = static_cast<std::uint32_t>(parent_.size());
    parent_.push_back(kNone);
    child_counts_.push_back(0);
    if (forest_) forest_->add_node();
    return node;
  }

  void link(std::uint32_t parent, std::uint32_t child) {
    if (parent == child || is_below(parent, child)) return;
    parent_[child] = parent;
    ++child_counts_[parent];
    if (forest_) forest_->link(parent, child);
  }

  /// Requires: `root` has no parent. Ordinary mail is linked in order and needs few steps up the
  /// tree here. Malicious references can make each call need as many steps as there are messages.
  /// When that shows, a structure is built that finds the root of any node quickly.
  [[nodiscard]] bool is_below(std::uint32_t node, std::uint32_t root) {
    if (child_counts_[root] == 0) return false;
    if (!forest_ && steps_by_foot_ == 0) forest_.emplace(parent_);
    if (forest_) {
      const std::uint64_t before = forest_->steps();
      const bool below = forest_->root_of(node) == root;
      work_.add(4 * (forest_->steps() - before));
      return below;
    }
    std::uint64_t walked = 0;
    for (; node != kNone && node != root; node = parent_[node]) ++walked;
    work_.add(walked);
    steps_by_foot_ -= std::min(steps_by_foot_, walked);
    return node == root;
  }

  void unlink(std::uint32_t child) {
    if (parent_[child] == kNone) return;
    --child_counts_[parent_[child]];
    parent_[child] = kNone;
    if (forest_) forest_->cut(child);
  }

  void order_by_date() {
    RowOrder order(message_count_, work_);
    order.by_numbers(messages_.sent(), Direction::up);
    by_date_ = std::move(order).take();
    rank_.resize(message_count_);
    for (std::uint32_t r = 0; r < message_count_; ++r) rank_[by_date_[r]] = r;
  }

  // Step 3: the children of a dummy replace it, except at the top.
  void lift_above_dummies() {
    lifted_ = parent_;
    std::vector<std::uint32_t> path;
    for (std::uint32_t m = 0; m < message_count_; ++m) {
      // Go up to a message or the topmost dummy, then make all nodes on the way point there.
      std::uint32_t up = lifted_[m];
      while (up != kNone && is_dummy(up) && lifted_[up] != kNone) {
        path.push_back(up);
        up = lifted_[up];
      }
      if (path.empty()) continue;
      lifted_[m] = up;
      for (const std::uint32_t node : path) lifted_[node] = up;
      path.clear();
    }
  }

  /// Steps 4 and 6, except for what step 5 merges: messages are visited in the order of their
  /// dates.
  void list_children() {
    begins_.assign(parent_.size() + 1, 0);
    for (std::uint32_t m = 0; m < message_count_; ++m)
      if (lifted_[m] != kNone) ++begins_[lifted_[m] + 1];
    std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
    children_.resize(begins_.back());
    merged_.resize(parent_.size());
    std::vector<std::uint32_t> next(begins_.begin(), begins_.end() - 1);
    for (const std::uint32_t m : by_date_)
      if (lifted_[m] != kNone) children_[next[lifted_[m]]++] = m;
  }

  /// The children linked by references. Dummies created later have none.
  [[nodiscard]] std::span<const std::uint32_t> children(std::uint32_t node) const {
    if (node + 1 >= begins_.size()) return {};
    return std::span(children_).subspan(begins_[node], begins_[node + 1] - begins_[node]);
  }

  [[nodiscard]] std::vector<std::uint32_t> find_roots() const {
    std::vector<std::uint32_t> roots;
    for (std::uint32_t node = 0; node < parent_.size(); ++node) {
      if (parent_[node] != kNone) continue;
      if (!is_dummy(node) || children(node).size() > 1) {
        roots.push_back(node);
      } else if (children(node).size() == 1) {
        roots.push_back(children(node).front());
      }
    }
    return roots;
  }

  /// The message whose subject represents a root: the root itself, or the first child of a dummy.
  [[nodiscard]] std::uint32_t face(std::uint32_t root) const {
    return is_dummy(root) ? children(root).front() : root;
  }

  // Step 5.
  std::vector<std::uint32_t> merge_subjects(const std::vector<std::uint32_t>& roots) {
    TextNumbers subjects;
    std::vector<std::uint32_t> subject_of;  // By index in roots; kNone for an empty subject.
    std::vector<std::uint32_t> table;       // Maps the number of a subject to a root.
    for (const std::uint32_t root : roots) {
      const std::string_view subject = messages_.subjects().at(face(root));
      subject_of.push_back(subject.empty() ? kNone : subjects.number(subject));
      if (subject.empty()) continue;
      if (subject_of.back() == table.size()) {
        table.push_back(root);
      } else if (replaces(root, table[subject_of.back()])) {
        table[subject_of.back()] = root;
      }
    }
    std::vector<std::uint32_t> kept;
    const std::vector<std::uint32_t> chosen = table;
    for (std::uint32_t i = 0; i < roots.size(); ++i) {
      const std::uint32_t subject = subject_of[i];
      if (subject == kNone || chosen[subject] == roots[i]) {
        kept.push_back(i);
      } else {
        merge(roots[i], table[subject]);
      }
    }
    for (std::uint32_t& i : kept) i = subject_of[i] == kNone ? roots[i] : table[subject_of[i]];
    return kept;
  }

  [[nodiscard]] bool replaces(std::uint32_t root, std::uint32_t in_table) const {
    if (is_dummy(in_table)) return false;
    return is_dummy(root) || (messages_.is_reply(in_table) && !messages_.is_reply(root));
  }

  void merge(std::uint32_t current, std::uint32_t& in_table) {
    if (is_dummy(in_table)) {
      if (is_dummy(current)) {
        const auto adopted = children(current);
        merged_[in_table].insert(merged_[in_table].end(), adopted.begin(), adopted.end());
      } else {
        merged_[in_table].push_back(current);
      }
    } else if (!messages_.is_reply(in_table) && !is_dummy(current) && messages_.is_reply(current)) {
      merged_[in_table].push_back(current);
    } else {
      merged_.push_back({in_table, current});
      in_table = static_cast<std::uint32_t>(merged_.size() - 1);
    }
  }

  // Step 6.
  /// Sorts all children of merged nodes; the result is in merged_.
  void order_merged() {
    for (std::uint32_t node = 0; node < merged_.size(); ++node) {
      if (merged_[node].empty()) continue;
      const auto own = children(node);
      merged_[node].insert(merged_[node].end(), own.begin(), own.end());
      merged_[node] = by_face(merged_[node]);
    }
  }

  /// The final children, oldest first.
  [[nodiscard]] std::span<const std::uint32_t> all_children(std::uint32_t node) const {
    return merged_[node].empty() ? children(node) : std::span<const std::uint32_t>(merged_[node]);
  }

  /// Sorts nodes by the date of the message, or of a dummy's first child.
  [[nodiscard]] std::vector<std::uint32_t> by_face(const std::vector<std::uint32_t>& nodes) const {
    std::vector<std::int64_t> ranks;
    ranks.reserve(nodes.size());
    for (std::uint32_t node : nodes) {
      while (is_dummy(node)) node = all_children(node).front();
      ranks.push_back(rank_[node]);
    }
    RowOrder order(static_cast<std::uint32_t>(nodes.size()), work_);
    order.by_numbers(ranks, Direction::up);
    std::vector<std::uint32_t> ordered = std::move(order).take();
    for (std::uint32_t& i : ordered) i = nodes[i];
    return ordered;
  }

  // REFS, instead of step 4.
  /// Sorts roots by the message of their threads that arrived last.
  [[nodiscard]] std::vector<std::uint32_t> by_latest(
      const std::vector<std::uint32_t>& roots) const {
    RowOrder arrival(message_count_, work_);
    arrival.by_numbers(messages_.arrived(), Direction::up);
    const std::vector<std::uint32_t> by_arrival = std::move(arrival).take();
    std::vector<std::int64_t> arrival_rank(message_count_);
    for (std::uint32_t r = 0; r < message_count_; ++r) arrival_rank[by_arrival[r]] = r;

    std::vector<std::int64_t> latest;
    latest.reserve(roots.size());
    std::vector<std::uint32_t> nodes;
    for (const std::uint32_t root : roots) {
      std::int64_t& last = latest.emplace_back(0);
      for (nodes.push_back(root); !nodes.empty();) {
        const std::uint32_t node = nodes.back();
        nodes.pop_back();
        if (!is_dummy(node)) last = std::max(last, arrival_rank[node]);
        nodes.insert(nodes.end(), children(node).begin(), children(node).end());
      }
    }
    RowOrder order(static_cast<std::uint32_t>(roots.size()), work_);
    order.by_numbers(latest, Direction::up);
    std::vector<std::uint32_t> ordered = std::move(order).take();
    for (std::uint32_t& i : ordered) i = roots[i];
    return ordered;
  }

  [[nodiscard]] ThreadForest walk(const std::vector<std::uint32_t>& roots) const {
    struct Step {
      std::uint32_t node;
      std::uint32_t depth;
    };
    std::vector<Step> steps;
    const auto push = [&](std::span<const std::uint32_t> nodes, std::uint32_t depth) {
      for (std::size_t i = nodes.size(); i > 0; --i) steps.push_back({nodes[i - 1], depth});
    };
    ThreadForest forest;
    forest.reserve(merged_.size());
    push(roots, 0);
    while (!steps.empty()) {
      const auto [node, depth] = steps.back();
      steps.pop_back();
      ThreadNode& told = forest.emplace_back();
      if (!is_dummy(node)) told.position = messages_.position(node);
      told.depth = depth;
      push(all_children(node), depth + 1);
    }
    return forest;
  }

  const ThreadInput& messages_;
  Work& work_;
  const Variant variant_;
  const std::uint32_t message_count_;
  std::uint64_t steps_by_foot_;         ///< Steps up the trees that remain until forest_ is built.
  std::optional<RootedForest> forest_;  ///< Has the same links as parent_.
  std::vector<std::uint32_t> parent_;
  std::vector<std::uint32_t> child_counts_;
  std::vector<std::uint32_t>
      by_date_;  ///< Messages by date; of equal dates, the lower position first.
  std::vector<std::uint32_t> rank_;    ///< The index of a message in by_date_.
  std::vector<std::uint32_t> lifted_;  ///< Parents, skipping the dummies below the top.
  std::vector<std::uint32_t> begins_;  ///< The index in children_ at which a node's children begin.
  std::vector<std::uint32_t> children_;
  /// Children added by step 5, including those of the dummies that it created, whose numbers follow
  /// the others.
  std::vector<std::vector<std::uint32_t>> merged_;
};

std::uint64_t steps_by_foot_for(const ThreadInput& messages) {
  constexpr std::uint64_t kStepsPerMessage = 16;
  return kStepsPerMessage * (messages.count() + 1);
}

}  // namespace

ThreadForest thread_by_references(const ThreadInput& messages, Work& work) {
  return thread_by_references(messages, work, steps_by_foot_for(messages));
}

ThreadForest thread_by_references(const ThreadInput& messages, Work& work,
                                  std::uint64_t steps_by_foot) {
  return References(messages, work, Variant::references, steps_by_foot).run();
}

ThreadForest thread_by_refs(const ThreadInput& messages, Work& work) {
  return References(messages, work, Variant::refs, steps_by_foot_for(messages)).run();
}

}  // namespace posthorn::search
