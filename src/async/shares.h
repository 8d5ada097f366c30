#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

#include "async/task.h"
#include "base/ids.h"
#include "base/mutex.h"

namespace posthorn::async {

/// Shares some threads fairly among owners whose work takes long, such as the searches of users.
/// Who has a turn works for a short while and ends the turn, at least when somebody else waits; the
/// next one goes to the owner that has the fewest turns at that moment, and among these to the one
/// that has waited for the longest time. So an owner waits about as long as one such while for
/// each other owner, however much work those have. Thread: any.
class Shares {
 public:
  /// At most `at_once` turns are taken at the same time. Requires: at_once > 0.
  explicit Shares(std::size_t at_once);

  /// `co_await take(owner)` resumes, on the caller's loop, when it is the owner's turn. The turn
  /// ends when the last copy of the result is destroyed.
  Task<std::shared_ptr<void>> take(PartitionId owner);

  /// Returns whether somebody waits for a turn.
  [[nodiscard]] bool is_wanted() const;

 private:
  struct Owner {
    std::size_t turns = 0;
    std::uint64_t last = 0;  ///< When it had its last turn, or began to want one: a number.
    std::deque<std::move_only_function<void()>> waiting;
  };
  struct State {
    explicit State(std::size_t most) : at_once(most) {}
    void grant(Owner& owner) POSTHORN_REQUIRES(mutex);
    void end_turn(const PartitionId& id);

    const std::size_t at_once;
    std::atomic<std::size_t> waiting = 0;
    Mutex mutex;
    std::size_t taken POSTHORN_GUARDED_BY(mutex) = 0;
    std::uint64_t numbers POSTHORN_GUARDED_BY(mutex) = 0;
    /// Those that have turns, or wait for some.
    std::unordered_map<PartitionId, Owner> owners POSTHORN_GUARDED_BY(mutex);
  };
  const std::shared_ptr<State> state_;
};

}  // namespace posthorn::async
