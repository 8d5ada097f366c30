#include "async/timer_queue.h"

#include <utility>

namespace posthorn::async::detail {

void TimerQueue::place(std::size_t at, Entry entry) {
  heap_[at] = entry;
  entry.node->index = at;
}

void TimerQueue::sift_up(std::size_t at, Entry entry) {
  while (at > 0) {
    const std::size_t parent = (at - 1) / 2;
    if (heap_[parent].when <= entry.when) break;
    place(at, heap_[parent]);
    at = parent;
  }
  place(at, entry);
}

void TimerQueue::sift_down(std::size_t at, Entry entry) {
  for (;;) {
    std::size_t child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].when < heap_[child].when) ++child;
    if (entry.when <= heap_[child].when) break;
    place(at, heap_[child]);
    at = child;
  }
  place(at, entry);
}

void TimerQueue::set(TimerNode& node, SteadyTime when) {
  const Entry entry{when, &node};
  if (node.index == TimerNode::kNotQueued) {
    heap_.push_back(entry);
    sift_up(heap_.size() - 1, entry);
  } else if (when < heap_[node.index].when) {
    sift_up(node.index, entry);
  } else {
    sift_down(node.index, entry);
  }
}

void TimerQueue::cancel(TimerNode& node) {
  const std::size_t at = std::exchange(node.index, TimerNode::kNotQueued);
  if (at == TimerNode::kNotQueued) return;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (at == heap_.size()) return;
  if (at > 0 && last.when < heap_[(at - 1) / 2].when) {
    sift_up(at, last);
  } else {
    sift_down(at, last);
  }
}

std::optional<SteadyTime> TimerQueue::next() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().when;
}

void TimerQueue::run_due(SteadyTime now) {
  while (!heap_.empty() && heap_.front().when <= now) {
    TimerNode& node = *heap_.front().node;
    cancel(node);
    // Moved out first: the call may destroy the node, and would then destroy itself.
    auto call = std::move(node.call);
    call();
  }
}

}  // namespace posthorn::async::detail
