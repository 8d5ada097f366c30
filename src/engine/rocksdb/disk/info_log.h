#pragma once

#include <rocksdb/env.h>

#include <memory>

namespace posthorn::engine::rocks {

/// RocksDB's log messages: warnings and errors go to our log, rate-limited as all lines are; the
/// others are discarded. RocksDB's own logger writes a file beside the data; when the disk is full
/// or not writable, its second failing write ends the process (an assertion that is enabled in
/// Debian's library). This logger touches no file.
/// Thread: any.
std::shared_ptr<::rocksdb::Logger> make_info_log();

}  // namespace posthorn::engine::rocks
