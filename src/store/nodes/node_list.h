#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/result.h"

namespace posthorn::engine {
class Engine;
}

namespace posthorn::store {

/// A process that has the store open, as it has said of itself.
struct NodeRow {
  std::uint64_t node = 0;  ///< Store::node()
  std::string host;
  std::string version;      ///< Of the program.
  std::int64_t since = 0;   ///< When it began, seconds since 1970 by its clock.
  std::int64_t clock = 0;   ///< Its clock when it wrote this.
  std::uint64_t beats = 0;  ///< Rises with each writing.
};
std::string encode_node(const NodeRow& row);
/// Errors: corrupt, not_supported.
Result<NodeRow> decode_node(std::string_view record);

/// The processes that serve the store, and which of them does what need not be done by all: sweep,
/// expiry, candidates, and the search for outboxes that nobody works on. An account belongs to one
/// of 64 shards, and a shard to one of the processes that live. Nothing is agreed on: each works
/// that out from the list, so for some seconds after one has come or gone, two may have the same
/// shard, or none may. Therefore this is for work that is harmless when it is done twice, and that
/// is done later if it is not done now. What must not happen twice has a guard of its own: the
/// version of the account, or a claim (store/value/outbox.h).
///
/// Each process writes a row of its own every ten seconds, as a hint: no commit, so that they do
/// not meet. It counts as living while its row moves, whatever the time is on its clock. A lost or
/// late hint, or one that is overtaken, does no more than that. Thread: any.
class NodeList {
 public:
  static constexpr std::uint32_t kShards = 64;
  static constexpr std::chrono::seconds kEach{10};
  /// A process whose row did not move for this long is gone.
  static constexpr std::chrono::seconds kGoneAfter{35};
  /// Rows of processes that are gone are removed after this many seconds.
  static constexpr std::int64_t kForgottenAfter = 3600;

  /// `self` is Store::node().
  NodeList(engine::Engine& engine, const Clock& clock, std::uint64_t self);

  using Steady = std::chrono::steady_clock;
  /// Says that this process lives, and reads who else does. To be called every kEach by a process
  /// that serves the store; one that never calls it (a command) leaves everything to itself: it is
  /// asked for by somebody. Returns whether others live than before. Errors: those of a read.
  async::Task<Result<bool>> beat(Steady::time_point now = Steady::now());
  /// Takes this process out of the list. It has no shard from then on.
  void leave();

  /// Whether work on this account is this process's. Always so until the first beat().
  [[nodiscard]] bool owns(const AccountId& account) const;
  static std::uint32_t shard_of(const AccountId& account);

  struct Listed {
    NodeRow row;
    bool lives = false;
    std::uint32_t shards = 0;
  };
  /// As of the last beat(), this process included.
  [[nodiscard]] std::vector<Listed> list() const;

 private:
  struct Seen {
    NodeRow row;
    Steady::time_point moved;  ///< When its row was seen to move.
  };
  void take_in(NodeRow row, Steady::time_point now) POSTHORN_REQUIRES(mutex_);
  [[nodiscard]] std::uint64_t owner_of(std::uint32_t shard) const POSTHORN_REQUIRES(mutex_);

  engine::Engine& engine_;
  const Clock& clock_;
  mutable Mutex mutex_;
  NodeRow own_ POSTHORN_GUARDED_BY(mutex_);
  std::map<std::uint64_t, Seen> others_ POSTHORN_GUARDED_BY(mutex_);
  std::vector<std::uint64_t> living_ POSTHORN_GUARDED_BY(mutex_);
  bool has_left_ POSTHORN_GUARDED_BY(mutex_) = false;
};

}  // namespace posthorn::store
