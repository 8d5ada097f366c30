#include "engine/rocksdb/wal/wal_guard.h"

#include "base/log.h"
#include "engine/rocksdb/wal/wal_check.h"

namespace posthorn::engine::rocks {
namespace {

/// Holds RocksDB's own lock, so that nobody writes to the logs while they are read.
class FolderLock {
 public:
  FolderLock(::rocksdb::Env& env, const std::string& folder) : env_(env) {
    if (!env_.LockFile(folder + "/LOCK", &lock_).ok()) lock_ = nullptr;
  }
  ~FolderLock() {
    if (lock_ != nullptr) static_cast<void>(env_.UnlockFile(lock_));
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  [[nodiscard]] bool held() const { return lock_ != nullptr; }

 private:
  ::rocksdb::Env& env_;
  ::rocksdb::FileLock* lock_ = nullptr;
};

std::unexpected<Error> refusal(const std::string& folder, const std::string& what) {
  return posthorn::fail(
      ErrorKind::corrupt,
      fmt::format(
          "changes that were acknowledged are lost in {}: {}. Nothing has been changed. See "
          "\"A damaged write-ahead log\" in docs/operating.md first; "
          "\"posthorn serve --accept-loss\" starts without the lost changes, keeps everything "
          "that can still be read, and saves copies of the damaged files",
          folder, what));
}

}  // namespace

Result<WalMarks> guard_wal(const RocksDbOptions& options, ::rocksdb::Env& env) {
  const std::string& folder = options.path;
  const auto current = current_manifest(folder);
  const FolderLock lock(env, folder);
  if (!current || !lock.held()) return WalMarks{};
  auto marks = WalMarkFile(folder).read();
  if (marks && marks->manifest != *current && marks->next_manifest != *current) marks.reset();
  if (!marks) marks = WalMarks{*current, *current, {}};
  auto verdict = judge_wal(folder, marks);
  if (!verdict) return pass(verdict);
  if (verdict->losses.empty()) return std::move(verdict->marks);
  const std::string what = describe(*verdict);
  if (!options.accept_loss) return refusal(folder, what);
  log::error("storage: changes that were acknowledged are lost in {}: {}", folder, what);
  auto accepted = accept_loss(folder, *verdict);
  if (accepted)
    log::warning(
        "storage: continuing without the lost changes, as --accept-loss was given; the original "
        "logs are kept in {}/damaged-logs",
        folder);
  return accepted;
}

}  // namespace posthorn::engine::rocks
