#pragma once

#include <rocksdb/env.h>

#include <memory>

namespace posthorn::engine::rocks {

/// RocksDB's own messages: warnings and errors go to our log, bounded as all lines are, the others
/// nowhere. RocksDB's usual logger writes a file beside the data; when the disk is full, or cannot
/// be written any more, its second failing write ends the process (an assertion, which Debian's
/// library has compiled in). This one touches no file. Thread: any.
std::shared_ptr<::rocksdb::Logger> make_info_log();

}  // namespace posthorn::engine::rocks
