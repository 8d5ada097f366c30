#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "engine/engine.h"

namespace posthorn::engine::rados {

/// The pages that this process wrote last, up to some megabytes: they are likely to be read next.
/// Thread: any.
class RecentPages {
 public:
  void put(const PartitionId& partition, PageNumber number, std::string bytes);
  void remove(const PartitionId& partition, PageNumber number);
  [[nodiscard]] std::optional<std::string> get(const PartitionId& partition,
                                               PageNumber number) const;

 private:
  using Key = std::pair<PartitionId, PageNumber>;

  mutable Mutex mutex_;
  std::map<Key, std::string> pages_ POSTHORN_GUARDED_BY(mutex_);
  std::deque<Key> order_ POSTHORN_GUARDED_BY(mutex_);  ///< The oldest first; some may be gone.
  std::size_t bytes_ POSTHORN_GUARDED_BY(mutex_) = 0;
};

}  // namespace posthorn::engine::rados
