#pragma once

#include <cstddef>
#include <memory>

#include "async/task.h"

namespace posthorn::async {

/// Owns coroutines that run on their own, so that somebody can wait for the last to end. Belongs to
/// one loop.
class Gate {
 public:
  Gate();
  ~Gate();  ///< Requires: nothing runs any more, but for the end of the last task.
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  /// Starts the task at once, on this thread; its frame is freed when it ends.
  void spawn(Task<void> task);
  [[nodiscard]] std::size_t running() const;
  /// Ends when the last task has; then their frames are gone. Any number may wait.
  Task<void> wait_empty();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace posthorn::async
