#pragma once

#include "engine/rocksdb/rocksdb_engine.h"

namespace rocksdb {
class Env;
}

namespace posthorn::engine {

/// `open_rocksdb` on another file system, for tests that inject failures. `env` must outlive the
/// engine.
Result<std::unique_ptr<Engine>> open_rocksdb_on(const RocksDbOptions& options, ::rocksdb::Env* env);

}  // namespace posthorn::engine
