#pragma once

#include <rocksdb/listener.h>

#include <memory>

#include "engine/rocksdb/disk/alarm.h"

namespace posthorn::engine::rocks {

/// Tells `alarm` what fails in RocksDB's background. A failed compaction does not stop writing:
/// its error is taken back here. Recovery from the others is the committer's, which knows when to
/// try again; RocksDB's own waits without a bound.
std::shared_ptr<::rocksdb::EventListener> make_error_listener(std::shared_ptr<Alarm> alarm);

}  // namespace posthorn::engine::rocks
