#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/engine.h"

/// Reads around damage. (A scan of an engine fails as a whole when it reaches data that it cannot
/// read.) All functions block. Used by check and by repair.
namespace posthorn::store {

/// A range of keys that cannot be read: first <= key < last. An empty `last` means the end.
struct DamagedRange {
  std::string first;
  std::string last;
  Error why;
};

/// Calls `row` for each readable row with the prefix, in order, and `damage` for each unreadable
/// range in between. The last row before such a range may lie within it. Costs some thousands of
/// reads for each range.
/// Errors: those of the engine that are not damage (unavailable).
Status for_each_readable_row(engine::Engine& engine, const PartitionId& id, std::string_view prefix,
                             const std::function<void(const engine::Row&)>& row,
                             const std::function<void(const DamagedRange&)>& damage);

/// The same for the list of partitions.
Status for_each_readable_partition(engine::Engine& engine,
                                   const std::function<void(const PartitionId&)>& partition,
                                   const std::function<void(const DamagedRange&)>& damage);

/// Finds the least key above `from` (a key without its prefix) for which `can_read` returns true.
/// Only the first `depth` octets of keys are distinguished. Returns none if there is no such key.
/// Requires: can_read(from) is false.
std::optional<std::string> next_readable(std::string_view from, std::size_t depth,
                                         const std::function<bool(const std::string&)>& can_read);

}  // namespace posthorn::store
