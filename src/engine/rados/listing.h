#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "engine/rados/ceph/connection.h"

namespace posthorn::engine::rados {

/// The ids in the names of a pool's objects, in order. Ceph lists objects in no order and without a
/// place to go on from, so a walk lists all once and keeps the ids, 16 octets each, until the next
/// walk begins. What is made after that is not seen by the walk.
/// Thread: any; blocks.
template <class Id>
class Listing {
 public:
  using Parse = std::optional<Id> (*)(std::string_view object);
  Listing(Connection& connection, Pool pool, Parse parse)
      : connection_(connection), pool_(pool), parse_(parse) {}

  /// At most `limit` ids above `after`; if it is none, a walk begins.
  Result<std::vector<Id>> take(const std::optional<Id>& after, std::size_t limit);

 private:
  static constexpr std::chrono::minutes kKept{10};

  Connection& connection_;
  const Pool pool_;
  const Parse parse_;
  Mutex mutex_;
  std::vector<Id> ids_ POSTHORN_GUARDED_BY(mutex_);
  std::optional<std::chrono::steady_clock::time_point> listed_ POSTHORN_GUARDED_BY(mutex_);
};

template <class Id>
Result<std::vector<Id>> Listing<Id>::take(const std::optional<Id>& after, std::size_t limit) {
  const MutexLock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (!after || !listed_ || *listed_ + kKept < now) {
    std::vector<Id> ids;
    Status listed = connection_.list(pool_, [&](std::string_view object) {
      if (const auto id = parse_(object)) ids.push_back(*id);
      return true;
    });
    if (!listed) return pass(listed);
    std::ranges::sort(ids);
    ids_ = std::move(ids);
  }
  listed_ = now;
  const auto first = after ? std::ranges::upper_bound(ids_, *after) : ids_.begin();
  const auto count = std::min(limit, static_cast<std::size_t>(ids_.end() - first));
  return std::vector<Id>(first, first + static_cast<std::ptrdiff_t>(count));
}

}  // namespace posthorn::engine::rados
