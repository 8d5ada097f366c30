#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "engine/engine.h"

namespace posthorn::engine {

/// What happens between the nodes of a simulated cluster and their common store. Everything is
/// decided by the seed, except for the order in which threads run.
struct ClusterFaults {
  std::uint64_t seed = 1;
  /// Every read, request, answer and bell is delayed by a random time up to this.
  std::chrono::microseconds longest_delay{200};
  /// How long a node waits for an answer before it gives up.
  std::chrono::microseconds patience{2000};
  // How many of a thousand:
  unsigned lost_requests = 0;  ///< Requests that never arrive.
  unsigned lost_answers = 0;   ///< Requests that take effect without the node being told.
  unsigned late_requests = 0;  ///< Requests that arrive after the node has given up.
  unsigned lost_bells = 0;
};

/// Several engines, the *nodes*, over one store in memory: what one of them commits, the others
/// have. For tests of several processes with one store.
///
/// A request to commit may be lost, or its answer, or it may take effect late. A node that gets no
/// answer takes the place of its own request: it sends another that only changes the guard. If that
/// succeeds, the commit can never take effect any more, and fails with conflict. If it is refused,
/// the store says whether the commit took effect. So every commit is answered truthfully.
class Cluster {
 public:
  explicit Cluster(const ClusterFaults& faults);
  ~Cluster();  ///< Requires: all nodes are gone.
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  /// The cluster must outlive the node. Closing a node does not affect the others.
  std::unique_ptr<Engine> make_node();
  /// From now on there are only delays.
  /// Thread: any.
  void calm_down();

  /// What has happened so far.
  struct Counts {
    std::uint64_t commits = 0;
    std::uint64_t conflicts = 0;
    std::uint64_t unanswered = 0;  ///< Commits that were given up.
    std::uint64_t applied = 0;     ///< Of these: the commits that had taken effect.
  };
  [[nodiscard]] Counts counts() const;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace posthorn::engine
