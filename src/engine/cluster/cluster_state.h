#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "engine/cluster/cluster.h"
#include "engine/memory/memory_engine.h"

namespace posthorn::engine {

/// Runs functions later, on one thread.
/// Thread: any.
class Timeline {
 public:
  using Clock = std::chrono::steady_clock;
  Timeline();
  ~Timeline();  ///< Drops what is not due yet.
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;
  void after(std::chrono::microseconds delay, std::function<void()> call);

 private:
  struct Entry {
    Clock::time_point at;
    std::uint64_t number;
    std::function<void()> call;
    friend bool operator<(const Entry& a, const Entry& b) {  // The earliest is the greatest.
      return std::pair(b.at, b.number) < std::pair(a.at, a.number);
    }
  };
  void run();

  Mutex mutex_;
  ConditionVariable waiting_;
  std::priority_queue<Entry> entries_ POSTHORN_GUARDED_BY(mutex_);
  std::uint64_t next_ POSTHORN_GUARDED_BY(mutex_) = 0;
  bool stopping_ POSTHORN_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

/// What the nodes of a cluster share.
/// Thread: any.
struct Cluster::State {
  explicit State(const ClusterFaults& faults) : faults_(faults), random_(faults.seed) {}

  /// What a request is guarded by. The bumps are counted besides the revision, so that a node can
  /// outdate a request of its own without a commit that the store would see.
  struct Guard {
    PartitionVersion version;
    std::uint64_t bumps = 0;
    [[nodiscard]] bool is(const Guard& other) const {
      return version.revision == other.version.revision && bumps == other.bumps;
    }
  };
  struct Request {
    std::uint64_t id = 0;
    PartitionId partition;
    Guard expected;
    /// None: a bump.
    std::shared_ptr<const Commit> commit;
  };
  struct Reply {
    enum class Kind : std::uint8_t { done, refused, failed };
    Kind kind = Kind::done;
    Guard now;
    std::uint64_t next_made_by = 0;  ///< The request that made the revision after the expected one.
    Error error = {};                ///< If it failed.
  };
  /// The ear of a node. It may be spoken to after the node is gone.
  struct Ear {
    void hear(const Bell& bell);

    Mutex mutex;
    BellListener listener POSTHORN_GUARDED_BY(mutex);
    /// Revisions. A bell that was overtaken by a later one has nothing to say.
    std::map<PartitionId, std::uint64_t> heard POSTHORN_GUARDED_BY(mutex);
  };
  enum class Fate : std::uint8_t { answered, lost, silent, late };

  Reply serve(const Request& request);
  [[nodiscard]] Guard guard_of(const PartitionId& partition);
  void add(const std::shared_ptr<Ear>& ear);
  void remove(const std::shared_ptr<Ear>& ear);

  [[nodiscard]] Fate draw_fate();
  [[nodiscard]] std::chrono::microseconds draw_delay();
  [[nodiscard]] bool draw(unsigned of_a_thousand);
  [[nodiscard]] std::uint64_t draw_id();

  MemoryEngine inner;

  Mutex counts_mutex;
  Counts counts POSTHORN_GUARDED_BY(counts_mutex);

  Mutex random_mutex;
  ClusterFaults faults_ POSTHORN_GUARDED_BY(random_mutex);
  std::mt19937_64 random_ POSTHORN_GUARDED_BY(random_mutex);

 private:
  struct Partition {
    Guard guard;
    std::map<std::uint64_t, std::uint64_t> made_by;  ///< By revision: the request.
  };
  void ring(const Bell& bell);

  Mutex store_mutex_;
  std::map<PartitionId, Partition> partitions_ POSTHORN_GUARDED_BY(store_mutex_);
  Mutex ears_mutex_;
  std::vector<std::shared_ptr<Ear>> ears_ POSTHORN_GUARDED_BY(ears_mutex_);

 public:
  Timeline timeline;  ///< Last: what runs there uses the rest.
};

}  // namespace posthorn::engine
