#pragma once

#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "engine/engine.h"
#include "engine/rados/connection.h"

/// Reads of a partition's object. The rows of one operation are of one moment.
/// Errors: those of an engine's reads.
namespace posthorn::engine::rados {

async::Task<Result<Header>> read_header(Connection& connection, PartitionId partition);
async::Task<Result<Values>> read_rows(Connection& connection, PartitionId partition,
                                      std::vector<std::string> keys);

struct RangeRead {
  ScanResult rows;
  Header header;
};
async::Task<Result<RangeRead>> read_range(Connection& connection, PartitionId partition,
                                          std::string first, std::string last, std::size_t limit);
async::Task<Result<std::vector<PageNumber>>> list_pages(Connection& connection,
                                                        PartitionId partition, PageNumber after,
                                                        std::size_t limit);

/// The rows of an object above `after` that begin with `prefix`, at most `limit`; none if the
/// object does not exist. Not of one moment if there are more than Ceph gives at once.
async::Task<Result<std::vector<Row>>> list_rows(Connection& connection, std::string object,
                                                std::string after, std::string prefix,
                                                std::size_t limit);

/// The longest prefix that all keys with first <= key < last are known to have.
std::string common_prefix(std::string_view first, std::string_view last);

}  // namespace posthorn::engine::rados
