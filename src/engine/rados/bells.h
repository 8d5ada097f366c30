#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "async/task.h"
#include "base/mutex.h"
#include "engine/engine.h"
#include "engine/rados/ceph/connection.h"

namespace posthorn::engine::rados {

/// Tells the other nodes of a store what this one has committed, and hears of them. Every node
/// watches one object, and a notification of it has the partitions that changed, and their
/// versions. One notification of a node is under way at a time; what is committed meanwhile goes
/// with the next.
///
/// A notification may be lost: Ceph gives up a node that does not answer within two seconds, and
/// does not know any more which nodes watch once it has not heard of them for ten. A node finds
/// that out within a second or two, watches again, and then takes it that anything may have
/// changed. Thread: any.
class Bells {
 public:
  using Hear = std::function<void(const Bell&)>;
  /// `hear` is called for what others committed, on a thread of librados; it must not block.
  Bells(Connection& connection, Hear hear);
  ~Bells();  ///< Requires: stop() was called.
  Bells(const Bells&) = delete;
  Bells& operator=(const Bells&) = delete;

  /// Begins to watch. Blocks. Errors: unavailable, io.
  Status start();
  void ring(const PartitionId& partition, const PartitionVersion& version);
  /// Blocks. Nothing is heard any more afterwards.
  void stop();

 private:
  static void on_notify(void* self, std::uint64_t notification, std::uint64_t handle,
                        std::uint64_t notifier, void* data, std::size_t size);
  static void on_error(void* self, std::uint64_t handle, int code);
  void heard(std::string_view message);
  async::Task<void> send_all();
  Status watch();
  /// Looks after the watch each second.
  void keep_watching();

  Connection& connection_;
  const Hear hear_;
  const std::string self_;  ///< So that a node knows what it sent itself.
  std::uint64_t handle_ = 0;
  std::atomic<bool> is_deaf_ = false;

  Mutex mutex_;
  ConditionVariable changed_;
  std::map<PartitionId, PartitionVersion> to_tell_ POSTHORN_GUARDED_BY(mutex_);
  bool sending_ POSTHORN_GUARDED_BY(mutex_) = false;
  bool stopping_ POSTHORN_GUARDED_BY(mutex_) = false;
  std::thread keeper_;
};

/// What a notification says. Exposed for tests.
struct BellMessage {
  std::string sender;  ///< 16 octets.
  std::vector<Bell> bells;
};
std::string encode_bells(const BellMessage& message);
/// Returns none if it is not of this form: it may be of another version of Posthorn.
std::optional<BellMessage> parse_bells(std::string_view message);

}  // namespace posthorn::engine::rados
