#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "async/task.h"
#include "message/search_key.h"
#include "store/account.h"

namespace posthorn::index {

/// Messages and their replies, siblings oldest first. In one array, as a thread may be as deep as
/// the mailbox is long.
struct ThreadForest {
  struct Node {
    /// None: stands for a message that is not among those threaded; printed as its children in
    /// parentheses (RFC 5256 §4).
    std::optional<std::uint32_t> position;
    std::vector<std::uint32_t> children;
  };
  std::vector<Node> nodes;
  std::vector<std::uint32_t> roots;
};

/// Walks the forest in the order of a THREAD response (RFC 5256 §4): `open()` and `close()` for
/// parentheses, `message(position)` for each number. No recursion.
template <class Open, class Close, class Message>
void walk(const ThreadForest& forest, Open&& open, Close&& close, Message&& message) {
  // A step is a node to print, or the parenthesis that ends a thread.
  constexpr std::uint32_t kClose = UINT32_MAX;
  std::vector<std::uint32_t> steps;
  const auto begin_threads = [&](const std::vector<std::uint32_t>& nodes) {
    for (std::size_t i = nodes.size(); i > 0; --i) {
      steps.push_back(kClose);
      steps.push_back(nodes[i - 1]);
    }
  };
  begin_threads(forest.roots);
  bool starts = true;  // The next node is the first of its thread.
  while (!steps.empty()) {
    const std::uint32_t step = steps.back();
    steps.pop_back();
    if (step == kClose) {
      close();
      starts = true;
      continue;
    }
    const ThreadForest::Node& node = forest.nodes[step];
    if (starts) open();
    if (node.position) message(*node.position);
    if (node.position && node.children.size() == 1) {
      steps.push_back(node.children.front());
      starts = false;
    } else {
      begin_threads(node.children);
      starts = true;
    }
  }
}

/// RFC 5256 §3. Off the network threads.
async::Task<ThreadForest> thread(store::AccountPtr account, store::MailboxPtr mailbox,
                                 std::vector<std::uint32_t> positions,
                                 message::ThreadAlgorithm algorithm);

}  // namespace posthorn::index
