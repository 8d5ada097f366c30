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
#include "engine/engine_meter.h"
#include "engine/rados/rados_engine.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "store/retention.h"
#include "store/store.h"

namespace posthorn::app {

enum class EngineKind : std::uint8_t {
  configured,  ///< As storage.engine says.
  rocksdb,     ///< In `data_dir`/store.
  memory,      ///< Everything is lost when the process ends.
};

/// What to do if acknowledged changes in the write-ahead log are lost.
enum class Losses : std::uint8_t {
  refuse,  ///< Fail with an error that says what is lost; nothing is changed.
  accept,  ///< Continue with everything that can still be read.
};

/// The open store, with the threads it works on.
class Core {
 public:
  /// Opens the store. `if_absent` says whether to create it if there is none. Errors: unavailable
  /// if another process has the data open or the Ceph cluster does not answer; not_found, io,
  /// corrupt, not_supported; limit if the system provides too few threads or too little memory.
  static Result<std::unique_ptr<Core>> open(const config::Config& config, EngineKind engine,
                                            engine::IfAbsent if_absent,
                                            Losses losses = Losses::refuse);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  [[nodiscard]] store::Store& store() { return *store_; }
  [[nodiscard]] async::LoopPool& loops() { return loops_; }
  [[nodiscard]] async::OffloadPool& offload() { return offload_; }
  /// For passwords only, so that many logins do not keep reads waiting.
  [[nodiscard]] async::OffloadPool& hashing() { return hashing_; }
  [[nodiscard]] const engine::EngineMeter& engine_meter() const { return engine_meter_; }

  /// Waits for the changes in progress, then closes the engine. Later calls of the store fail with
  /// `unavailable`.
  async::Task<void> close();

 private:
  explicit Core(const config::Threads& threads);
  static Result<std::unique_ptr<Core>> open_all(const config::Config& config, EngineKind engine,
                                                engine::IfAbsent if_absent, Losses losses);
  async::LoopPool loops_;
  async::OffloadPool offload_;
  async::OffloadPool hashing_;
  engine::EngineMeter engine_meter_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<store::Store> store_;
};

/// Returns the settings that can change while the store is open.
store::StorePolicy store_policy(const config::Config& config);
store::RetentionPolicy retention_policy(const config::Config& config);

/// Return the settings of the engines, and of the store that uses one of them.
engine::RocksDbOptions engine_options(const config::Config& config);
engine::RadosOptions rados_options(const config::Config& config);
store::StoreOptions store_options(const config::Config& config);

/// Returns the directory of the engine's files.
std::string store_path(const config::Config& config);

}  // namespace posthorn::app
