#pragma once

#include <rocksdb/listener.h>

#include <memory>

#include "engine/rocksdb/disk/alarm.h"

namespace posthorn::engine::rocks {

/// Reports RocksDB's background errors to `alarm`. A failed compaction need not stop writing, so
/// the listener clears its error. The committer recovers from the other errors, since it knows when
/// to try again; RocksDB's own recovery waits without limit.
std::shared_ptr<::rocksdb::EventListener> make_error_listener(std::shared_ptr<Alarm> alarm);

}  // namespace posthorn::engine::rocks
