#include <algorithm>
#include <tuple>

#include "index/thread_input.h"

namespace posthorn::index {

/// RFC 5256 §3 ORDEREDSUBJECT: by base subject, then by sent date; each run of one subject is a
/// thread whose first message is the parent of all others; threads in order of their first
/// message's date.
ThreadForest thread_by_subject(std::vector<ThreadInput> messages) {
  const auto older = [](const ThreadInput& a, const ThreadInput& b) {
    return std::tie(a.sent, a.position) < std::tie(b.sent, b.position);
  };
  std::ranges::sort(messages, [&](const ThreadInput& a, const ThreadInput& b) {
    return a.base_subject != b.base_subject ? a.base_subject < b.base_subject : older(a, b);
  });
  ThreadForest forest;
  forest.nodes.reserve(messages.size());
  std::vector<std::uint32_t> roots;
  for (std::uint32_t i = 0; i < messages.size(); ++i) {
    forest.nodes.push_back({messages[i].position, {}});
    if (i > 0 && messages[i].base_subject == messages[i - 1].base_subject) {
      forest.nodes[roots.back()].children.push_back(i);
    } else {
      roots.push_back(i);
    }
  }
  std::ranges::sort(
      roots, [&](std::uint32_t a, std::uint32_t b) { return older(messages[a], messages[b]); });
  forest.roots = std::move(roots);
  return forest;
}

}  // namespace posthorn::index
