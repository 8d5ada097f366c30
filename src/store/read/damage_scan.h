#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/engine.h"

/// Reading around damage: an engine's scan fails as a whole where it comes upon what it cannot
/// read. All of it may block, and is for check and for saving what can be saved.
namespace posthorn::store {

/// Keys of a range that cannot be read: first <= key < last; an empty `last`: to the end.
struct DamagedRange {
  std::string first;
  std::string last;
  Error why;
};

/// Calls `row` for each row with the prefix that can be read, in order, and `damage` for each range
/// between that cannot. The last row before such a range may be within it. Costs some thousands of
/// reads for each range. Errors: those of the engine that are not damage (unavailable).
Status for_each_readable_row(engine::Engine& engine, const PartitionId& id, std::string_view prefix,
                             const std::function<void(const engine::Row&)>& row,
                             const std::function<void(const DamagedRange&)>& damage);

/// The same for the list of partitions.
Status for_each_readable_partition(engine::Engine& engine,
                                   const std::function<void(const PartitionId&)>& partition,
                                   const std::function<void(const DamagedRange&)>& damage);

/// The least key above `from` (a key without its prefix) that `can_read` says yes to, as far as
/// `depth` octets tell; none if there is none. Requires: can_read(from) is false.
std::optional<std::string> next_readable(std::string_view from, std::size_t depth,
                                         const std::function<bool(const std::string&)>& can_read);

}  // namespace posthorn::store
