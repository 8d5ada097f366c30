#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "async/task.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/result.h"

/// What accounts keep on the disk although their quota does not count it: messages that were
/// expunged and can still be brought back, and pieces of uploads that were broken off or refused.
/// Both are bounded by a factor of the quota. An account without a quota has no such bound.
namespace posthorn::store {

class Store;

/// Counts it. What is counted is in memory only: after a restart, counting begins anew.
/// Thread: any.
class Discarded {
 public:
  /// Octets are kept for `grace_seconds` at least, since nothing is erased before.
  explicit Discarded(std::int64_t grace_seconds) : grace_(grace_seconds) {}

  /// A piece was written that no message names yet.
  void written_ahead(const AccountId& account, std::int64_t now, std::uint64_t octets);
  /// A message names such pieces now.
  void named(const AccountId& account, std::uint64_t octets);
  /// Messages were removed.
  void expunged(const AccountId& account, std::int64_t now, std::uint64_t octets);

  /// Octets that were written ahead or expunged within the grace time, to the hour.
  [[nodiscard]] std::uint64_t recent(const AccountId& account, std::int64_t now);
  /// Octets that were expunged since set_kept().
  [[nodiscard]] std::uint64_t kept(const AccountId& account);
  /// What is known to be kept of the expunged ones.
  void set_kept(const AccountId& account, std::uint64_t octets);
  /// The accounts of which something is counted.
  [[nodiscard]] std::vector<AccountId> accounts();
  /// Forgets what is no longer of interest, so that idle accounts need no memory.
  void trim(std::int64_t now);

 private:
  struct Count {
    std::map<std::int64_t, std::uint64_t> by_hour;
    std::uint64_t kept = 0;
  };
  void add(Count& count, std::int64_t now, std::uint64_t octets) POSTHORN_REQUIRES(mutex_);
  void drop_old(Count& count, std::int64_t now) const POSTHORN_REQUIRES(mutex_);

  const std::int64_t grace_;
  Mutex mutex_;
  std::unordered_map<AccountId, Count> counts_ POSTHORN_GUARDED_BY(mutex_);
};

inline constexpr std::uint32_t kDefaultKeptFactor = 10;
inline constexpr std::uint64_t kDefaultKeptFloor = 256ULL << 20;
/// How many times its quota an account may have on the disk, with what is discarded; 0: any amount.
/// `floor` octets are always allowed, so that a message that does not fit into a small quota is
/// refused for that reason, and not for what storing it would leave behind.
/// Thread: any.
void set_kept_factor(Store& store, std::uint32_t factor, std::uint64_t floor = kDefaultKeptFloor);

/// Says whether an account may store `octets` more, although some of it may be discarded. To be
/// asked while a message is received. Errors: unavailable, with a text for the client; those of
/// opening the account.
async::Task<Status> may_discard_more(Store& store, AccountId account, std::uint64_t octets);

/// Lets the oldest expunged messages go of accounts that keep more of them than they may, but none
/// of the last day. For the sweep. An account that fails is logged and left for the next time.
async::Task<void> let_go_beyond_quota(Store& store);

}  // namespace posthorn::store
