#include "app/snapshot_place.h"

#include <filesystem>

#include "async/offload.h"
#include "base/log.h"
#include "engine/snapshots.h"

namespace posthorn::app {
namespace {

namespace fs = std::filesystem;

void remove(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) log::warning("the snapshot {} cannot be removed: {}", path, error.message());
}

}  // namespace

std::string snapshot_path(const config::Config& config) {
  return config::path_in(config, "snapshot");
}

SnapshotPlace::SnapshotPlace(Core& core, const config::Config& config) : core_(core) {
  place_->path = snapshot_path(config);
  remove(place_->path);
}

async::Task<Result<admin::SnapshotPtr>> SnapshotPlace::take() {
  engine::Snapshots* const snapshots = engine::snapshots_of(core_.store().engine());
  if (snapshots == nullptr)
    co_return fail(ErrorKind::not_supported,
                   "the storage engine of this server keeps no files that could be saved");
  if (place_->used.exchange(true))
    co_return fail(ErrorKind::unavailable, "another backup of this server is running");
  // The files are freed on the pool, since large ones may take a while.
  async::OffloadPool& pool = core_.offload();
  const auto drop = [&pool, place = place_](const std::string* path) {
    delete path;
    const auto free = [place] {
      remove(place->path);
      place->used = false;
    };
    if (!pool.submit(free)) free();
  };
  const admin::SnapshotPtr snapshot(new std::string(place_->path), drop);
  Status made = co_await async::offload(pool, [snapshots, path = *snapshot] {
    remove(path);
    return snapshots->snapshot(path);
  });
  if (!made) co_return pass(made);
  co_return snapshot;
}

}  // namespace posthorn::app
