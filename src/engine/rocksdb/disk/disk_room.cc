#include "engine/rocksdb/disk/disk_room.h"

#include <rocksdb/env.h>

#include <filesystem>

#include "base/log.h"
#include "engine/rocksdb/status.h"

namespace posthorn::engine::rocks {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(100);
constexpr std::uint64_t kMiB = 1UL << 20;
constexpr std::size_t kProbeBytes = 256UL * 1024;
/// Opening creates a manifest, a log and the options file.
constexpr std::uint64_t kForOpening = 2 * kMiB;

std::string in_mib(std::uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / static_cast<double>(kMiB));
}

::rocksdb::Status write_and_sync(::rocksdb::Env& env, const std::string& path) {
  std::unique_ptr<::rocksdb::WritableFile> file;
  ::rocksdb::Status status = env.NewWritableFile(path, &file, ::rocksdb::EnvOptions());
  if (status.ok()) status = file->Append(std::string(kProbeBytes, '\0'));
  if (status.ok()) status = file->Sync();
  if (file) {
    const ::rocksdb::Status closed = file->Close();
    if (status.ok()) status = closed;
  }
  return status;
}

}  // namespace

Status DiskRoom::check() {
  if (looking_.try_lock()) {
    look();
    looking_.unlock();
  }
  if (full_) return posthorn::fail(ErrorKind::unavailable, "the disk is full");
  return {};
}

void DiskRoom::look() {
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_ < kInterval) return;
  looked_ = now;
  const std::optional<Space> space = measure_();
  if (!space) return;
  const std::uint64_t reserve = std::min(reserve_, space->total / 16);
  // Hysteresis: writing resumes only when a quarter more than the limit is free.
  const bool full = space->free < (full_ ? reserve + reserve / 4 : reserve);
  if (full == full_) return;
  full_ = full;
  if (full) {
    log::error(
        "storage: the disk is full: {} are free, {} are reserved for the store's own work. "
        "Writing stops until there is more space; reading continues",
        in_mib(space->free), in_mib(reserve));
  } else {
    log::info("storage: the disk has enough space again: {} are free", in_mib(space->free));
  }
}

DiskRoom::Measure measure_disk(std::string path) {
  return [path = std::move(path)]() -> std::optional<DiskRoom::Space> {
    std::error_code error;
    const auto space = std::filesystem::space(path, error);
    if (error) return std::nullopt;
    return DiskRoom::Space{space.capacity, space.available};
  };
}

Status probe_disk(::rocksdb::Env& env, const std::string& folder, std::uint64_t bytes) {
  std::uint64_t free = 0;
  if (env.GetFreeSpace(folder, &free).ok() && free < bytes + kForOpening)
    return posthorn::fail(
        ErrorKind::io, "the disk is full",
        fmt::format("the disk is full: {} are free, {} are needed for the changes that are waiting",
                    in_mib(free), in_mib(bytes + kForOpening)));
  const std::string path = folder + "/write-probe";
  const ::rocksdb::Status written = write_and_sync(env, path);
  env.DeleteFile(path).PermitUncheckedError();
  if (!written.ok()) return fail(written);
  return {};
}

}  // namespace posthorn::engine::rocks
