#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "engine/rocksdb/wal/wal_marks.h"

namespace posthorn::engine::rocks {

/// The file system that RocksDB uses, wrapped to track how much of each write-ahead log was
/// appended and how much was synced, and to write the marks that record this (wal_marks.h). Every
/// mark is at the end of a record, and reports a sync (of the file and its folder) that has
/// returned. A mark is durably removed before its log is deleted; therefore a log that is named but
/// missing was lost.
/// Thread: any.
class WalWatch final : public ::rocksdb::FileSystemWrapper {
 public:
  /// `marks`: those of the logs that exist already.
  WalWatch(std::shared_ptr<::rocksdb::FileSystem> base, std::string folder, WalMarks marks);
  [[nodiscard]] const char* Name() const override { return "posthorn.WalWatch"; }

  /// The length of each log, ascending. To be taken while nothing is being appended.
  using Lengths = std::vector<SyncedMark>;
  Lengths lengths();
  /// Reports success of a sync of the logs that began after `lengths` was taken.
  void synced(const Lengths& lengths);

  /// The first entry for the next batch. It states what is durable before the batch is written.
  std::string claim();

  ::rocksdb::IOStatus NewWritableFile(const std::string& name,
                                      const ::rocksdb::FileOptions& options,
                                      std::unique_ptr<::rocksdb::FSWritableFile>* result,
                                      ::rocksdb::IODebugContext* debug) override;
  ::rocksdb::IOStatus DeleteFile(const std::string& name, const ::rocksdb::IOOptions& options,
                                 ::rocksdb::IODebugContext* debug) override;
  ::rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                                 const ::rocksdb::IOOptions& options,
                                 ::rocksdb::IODebugContext* debug) override;

  struct Log {
    std::atomic<std::uint64_t> written = 0;
    std::atomic<std::uint64_t> synced = 0;
    /// An append or a sync failed. The state of the file is unknown, so its mark no longer
    /// advances.
    std::atomic<bool> failed = false;
  };

 private:
  Status take_back(std::uint64_t log);
  /// The number of a log of this store; nullopt for any other file, such as a log that RocksDB
  /// copies to another folder.
  [[nodiscard]] std::optional<std::uint64_t> own_log(const std::string& name) const;

  const std::string folder_;
  Mutex mutex_;
  WalMarks marks_ POSTHORN_GUARDED_BY(mutex_);
  WalMarkFile file_;  ///< Written with the mutex held; a sync may run beside that.
  /// Logs created since the start.
  std::map<std::uint64_t, std::shared_ptr<Log>> logs_ POSTHORN_GUARDED_BY(mutex_);
  bool complained_ POSTHORN_GUARDED_BY(mutex_) = false;
};

/// The number in the name of a write-ahead log ("/somewhere/000012.log"); nullopt for any other
/// file.
std::optional<std::uint64_t> wal_number(std::string_view path);

}  // namespace posthorn::engine::rocks
