#include "engine/rocksdb/disk/snapshot.h"

#include <rocksdb/utilities/checkpoint.h>

#include <filesystem>
#include <memory>

#include "engine/rocksdb/status.h"
#include "engine/rocksdb/wal/losses.h"

namespace posthorn::engine::rocks {
namespace {

namespace fs = std::filesystem;

/// Later epochs must be above those in the file, so it belongs to every copy of the store.
Status copy_losses(const std::string& from, const std::string& to) {
  std::error_code error;
  const std::string losses = std::string("/") + kLossesFile;
  if (!fs::exists(from + losses, error)) return {};
  fs::copy_file(from + losses, to + losses, error);
  if (error)
    return posthorn::fail(ErrorKind::io, fmt::format("{}{} cannot be copied", from, losses),
                          error.message());
  return {};
}

}  // namespace

Status take_snapshot(Database& database, const std::string& folder, const std::string& path) {
  // RocksDB ends the process if it has to flush after a failed write.
  if (database.failed())
    return posthorn::fail(ErrorKind::unavailable,
                          "the storage engine cannot write now, so it cannot be copied either");
  ::rocksdb::Checkpoint* raw = nullptr;
  const ::rocksdb::Status made = ::rocksdb::Checkpoint::Create(&database.db(), &raw);
  if (!made.ok()) return fail(made);
  const std::unique_ptr<::rocksdb::Checkpoint> checkpoint(raw);
  const ::rocksdb::Status taken = checkpoint->CreateCheckpoint(path);
  if (!taken.ok()) {
    Error error = fail(taken).error();
    error.text = fmt::format("no snapshot of the store can be made at {}", path);
    error.cause = taken.ToString();
    return std::unexpected(std::move(error));
  }
  Status copied = copy_losses(folder, path);
  std::error_code ignored;
  if (!copied) fs::remove_all(path, ignored);
  return copied;
}

}  // namespace posthorn::engine::rocks
