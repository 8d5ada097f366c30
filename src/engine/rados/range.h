#pragma once

#include <string>
#include <string_view>

#include "async/task.h"
#include "engine/engine.h"
#include "engine/rados/ceph/connection.h"
#include "engine/rados/layout.h"

namespace posthorn::engine::rados {

struct RangeRead {
  ScanResult rows;
  Header header;  ///< Of the moment of the rows.
};

/// Reads the rows of a partition with first <= key < last, at most `limit`, as they were at one
/// moment (Engine::scan).
///
/// Ceph gives some 1,024 rows of a range in one answer. More are read one answer after another, and
/// are of one moment if the header is the same in all of them. If it is not, they are read again in
/// a single operation, of which the first reading has shown how to divide it into ranges that are
/// small enough. So commits that come without a pause do not keep a range from being read.
/// Errors: those of a read.
async::Task<Result<RangeRead>> read_range(Connection& connection, PartitionId partition,
                                          std::string first, std::string last, std::size_t limit);

/// The longest prefix that all keys with first <= key < last are known to have. Exposed for tests.
std::string common_prefix(std::string_view first, std::string_view last);

}  // namespace posthorn::engine::rados
