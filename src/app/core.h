#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "async/loop.h"
#include "async/offload.h"
#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "engine/engine.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "store/store.h"

namespace posthorn::app {

enum class EngineKind : std::uint8_t {
  rocksdb,  ///< In `data_dir`/store.
  memory,   ///< Nothing outlives the process.
};

/// What to do where acknowledged changes are lost in the write-ahead log.
enum class Losses : std::uint8_t {
  refuse,  ///< An error that says what is lost; nothing is changed.
  accept,  ///< Go on with everything that can still be read.
};

/// The store, open, with the threads it works on.
class Core {
 public:
  /// `if_absent` says whether a store is made where none is. Errors: unavailable when another
  /// process has the data open; not_found, io, corrupt, not_supported;
  /// limit when the system gives too few threads or too little memory.
  static Result<std::unique_ptr<Core>> open(const config::Config& config, EngineKind engine,
                                            engine::IfAbsent if_absent,
                                            Losses losses = Losses::refuse);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  [[nodiscard]] store::Store& store() { return *store_; }
  [[nodiscard]] async::LoopPool& loops() { return loops_; }
  [[nodiscard]] async::OffloadPool& offload() { return offload_; }

  /// Waits for changes under way, closes the engine. Later calls of the store get `unavailable`.
  async::Task<void> close();

 private:
  explicit Core(const config::Threads& threads);
  static Result<std::unique_ptr<Core>> open_all(const config::Config& config, EngineKind engine,
                                                engine::IfAbsent if_absent, Losses losses);
  async::LoopPool loops_;
  async::OffloadPool offload_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<store::Store> store_;
};

/// What of the configuration the open store takes over at once.
store::StorePolicy store_policy(const config::Config& config);

/// The settings of the embedded engine and of the store on it.
engine::RocksDbOptions engine_options(const config::Config& config);
store::StoreOptions store_options(const config::Config& config);

/// Where the engine keeps its files.
std::string store_path(const config::Config& config);

}  // namespace posthorn::app
