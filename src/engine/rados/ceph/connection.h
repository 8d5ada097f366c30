#pragma once

#include <rados/librados.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "async/task.h"
#include "base/mutex.h"
#include "base/result.h"
#include "engine/rados/ceph/ops.h"
#include "engine/rados/layout.h"
#include "engine/rados/rados_engine.h"

namespace posthorn::engine::rados {

/// What became of an operation: 0 or a negative errno, and the object's version after it.
struct Answer {
  int code = 0;
  std::uint64_t version = 0;
};

/// What a write does in a cluster, or a pool, that is full: it fails with -ENOSPC or -EDQUOT if it
/// would add objects or bytes (rows are not counted), or it takes of the reserve that Ceph has
/// beyond that limit. The latter is for what has to be written so that something can be removed.
enum class Room : std::uint8_t { ask, take_reserve };

/// Turns the code of a failed operation into the error that a caller gets: unavailable if it may
/// succeed later, otherwise io or corrupt. `what` says what was done, with the object's name.
Error error_of(int code, std::string_view what);

/// The connection to a cluster, with the two pools of a store.
///
/// Operations are tasks that never block. One that is awaited on a loop resumes on it; any other
/// resumes on a thread of librados, where nothing may wait. librados sends an operation again,
/// under the same number, until it is answered or given up here. Thread: any.
class Connection {
 public:
  /// Blocks, for some 15 s if the cluster does not answer.
  /// Errors: those of open_rados().
  static Result<std::unique_ptr<Connection>> open(const RadosOptions& options);
  ~Connection();  ///< Requires: nothing is under way.
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// How long an answer is waited for; then it is -ETIMEDOUT. A write that was given up may still
  /// take effect. Ceph replaces an OSD that does not answer after some 20 to 25 s.
  static constexpr std::chrono::seconds kReadPatience{20};
  static constexpr std::chrono::seconds kWritePatience{40};

  async::Task<Answer> write(Pool pool, std::string object, WriteOp op, Room room = Room::ask);
  /// `op` must live until the task has ended.
  async::Task<Answer> read(Pool pool, std::string object, ReadOp& op);

  /// Calls the watchers of an object of the pool `rows`, and waits until they have answered, or for
  /// the time that is given.
  async::Task<Answer> notify(std::string object, std::string message,
                             std::chrono::milliseconds longest);
  struct WatchCalls {
    rados_watchcb2_t called;
    rados_watcherrcb_t failed;
    void* argument;
  };
  /// Watches an object of the pool `rows`, which must exist. `handle` is written before the task
  /// ends. The watch ends if the cluster does not hear of this client for `timeout`.
  async::Task<Answer> watch(std::string object, std::uint64_t& handle, WatchCalls calls,
                            std::chrono::seconds timeout);
  async::Task<Answer> unwatch(std::uint64_t handle);

  /// Gives up what is under way, and what is begun from now on, `after` this time.
  void hurry(std::chrono::steady_clock::duration after);

  /// The object names of a pool, in no order, for `visit`, which returns whether to go on. Blocks.
  Status list(Pool pool, const std::function<bool(std::string_view)>& visit);

  [[nodiscard]] rados_ioctx_t native(Pool pool) const {
    return pool == Pool::rows ? rows_ : blobs_;
  }

 private:
  using Clock = std::chrono::steady_clock;
  using Done = std::function<void(Answer)>;
  struct Pending;
  using PendingList = std::list<Pending*>;

  Connection() = default;
  Status connect(const RadosOptions& options);
  /// `send` gives the operation to librados, and returns its code.
  template <class Send>
  void start(Pool pool, Clock::duration patience, Done done, const Send& send);
  void ended(Pending& pending, Answer answer);
  static void on_complete(rados_completion_t completion, void* argument);
  void watch_deadlines();

  rados_t cluster_ = nullptr;
  rados_ioctx_t rows_ = nullptr;
  rados_ioctx_t blobs_ = nullptr;

  Mutex mutex_;
  ConditionVariable changed_;
  PendingList pending_ POSTHORN_GUARDED_BY(mutex_);
  Clock::time_point last_moment_ POSTHORN_GUARDED_BY(mutex_) = Clock::time_point::max();
  bool stopping_ POSTHORN_GUARDED_BY(mutex_) = false;
  bool told_blocklisted_ POSTHORN_GUARDED_BY(mutex_) = false;
  std::thread deadlines_;
};

}  // namespace posthorn::engine::rados
