#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "engine/engine.h"

/// Rows whose record may be too long for a row: of messages, of history, of the outbox. The record
/// is in the row or in a page (keys::row_or_page).
namespace posthorn::store {

/// Returns the page that contains the record; none if it is in the row.
std::optional<PageNumber> page_of(std::string_view value);

/// Returns the record of each of these values, in order. Reads all pages in one call. Errors of a
/// record: corrupt, not_found and those of the engine.
async::Task<engine::Blobs> read_records(engine::Engine& engine, PartitionId partition,
                                        std::vector<std::string> values);
async::Task<Result<std::string>> read_record(engine::Engine& engine, PartitionId partition,
                                             std::string value);

}  // namespace posthorn::store
