#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "admin/local_admin.h"
#include "app/core.h"
#include "async/task.h"
#include "base/result.h"
#include "config/config.h"

namespace posthorn::app {

/// The folder `snapshot` of the data directory, in which snapshots of the store are made for
/// backups, one at a time. A snapshot that a process has left behind is removed.
class SnapshotPlace {
 public:
  /// `core` must outlive this object and the snapshots.
  SnapshotPlace(Core& core, const config::Config& config);

  /// Does not wait for another snapshot to end. Errors: unavailable (there is one already),
  /// not_supported (an engine without files), io.
  async::Task<Result<admin::SnapshotPtr>> take();

 private:
  /// Shared with the snapshot, which may be dropped later than this object.
  struct Place {
    std::string path;
    std::atomic<bool> used = false;
  };
  Core& core_;
  const std::shared_ptr<Place> place_ = std::make_shared<Place>();
};

/// The folder's path.
std::string snapshot_path(const config::Config& config);

}  // namespace posthorn::app
