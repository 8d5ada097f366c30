#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "async/task.h"
#include "engine/engine.h"
#include "engine/rados/ceph/connection.h"

/// Pages and the bytes of pieces: objects that are written whole. A row of the partition's object
/// lists each page, so that one that no commit names can be found.
namespace posthorn::engine::rados {

/// Errors: not_found (`missing` is the text), and those of a read.
async::Task<Result<std::string>> read_blob(Connection& connection, Pool pool, std::string object,
                                           const char* missing);
async::Task<Result<std::string>> read_page(Connection& connection, PartitionId partition,
                                           PageNumber number);
/// The pages must live until the task has ended. Errors: unavailable, io.
async::Task<Status> write_pages(Connection& connection, PartitionId partition,
                                std::span<const PageWrite> pages, Room room);
/// Those that do not exist are no error.
async::Task<Status> remove_pages(Connection& connection, PartitionId partition,
                                 std::vector<PageNumber> numbers);

}  // namespace posthorn::engine::rados
