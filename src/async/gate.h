#pragma once

#include <cstddef>
#include <memory>

#include "async/task.h"

namespace posthorn::async {

/// Owns detached coroutines, so that a shutdown can wait until the last of them has ended. Belongs
/// to one loop.
class Gate {
 public:
  Gate();
  ~Gate();  ///< Requires: no task runs; only the final steps of the last one may be in progress.
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  /// Starts the task immediately, on this thread. Its frame is freed when it ends.
  void spawn(Task<void> task);
  [[nodiscard]] std::size_t running() const;
  /// Resumes when no task is left and all frames are freed. Any number of coroutines may wait.
  Task<void> wait_empty();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace posthorn::async
