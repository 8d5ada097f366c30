#pragma once

#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "engine/engine.h"
#include "engine/rados/ceph/connection.h"

/// Reads of a partition's object. The rows of one operation are of one moment.
/// Errors: those of an engine's reads.
namespace posthorn::engine::rados {

async::Task<Result<Header>> read_header(Connection& connection, PartitionId partition);
async::Task<Result<Values>> read_rows(Connection& connection, PartitionId partition,
                                      std::vector<std::string> keys);

async::Task<Result<std::vector<PageNumber>>> list_pages(Connection& connection,
                                                        PartitionId partition, PageNumber after,
                                                        std::size_t limit);

/// The rows of an object above `after` that begin with `prefix`, at most `limit`; none if the
/// object does not exist. Not of one moment if there are more than Ceph gives at once.
async::Task<Result<std::vector<Row>>> list_rows(Connection& connection, std::string object,
                                                std::string after, std::string prefix,
                                                std::size_t limit);

/// The header among the rows of the object; that of a partition without commits if it is not there.
Result<Header> header_in(const std::vector<Row>& rows, std::string_view object);
/// The error names the object, so that an operator can find it.
std::unexpected<Error> in_object(Error error, std::string_view object);

/// Ceph gives at most this many rows of a range in one answer (osd_max_omap_entries_per_request),
/// or fewer.
inline constexpr std::size_t kRowsAtOnce = 1024;

}  // namespace posthorn::engine::rados
