#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/rocksdb/wal/wal_marks.h"

namespace posthorn::engine::rocks {

/// The file system that RocksDB works on, watched: what of its write-ahead logs was appended and
/// what was synced, and the marks (wal_marks.h) that say so. Every mark is at the end of a record
/// and tells of a sync that has returned, the folder's included. A mark is taken back, durably,
/// before its log is deleted, so that a log which is named and missing was lost. Thread: any.
class WalWatch final : public ::rocksdb::FileSystemWrapper {
 public:
  /// `marks`: of the logs that are there already.
  WalWatch(std::shared_ptr<::rocksdb::FileSystem> base, std::string folder, WalMarks marks);
  [[nodiscard]] const char* Name() const override { return "posthorn.WalWatch"; }

  /// How long each log is, ascending. To be taken while nothing is being appended.
  using Lengths = std::vector<SyncedMark>;
  Lengths lengths();
  /// A sync of the logs that began after `lengths` was taken has succeeded.
  void synced(const Lengths& lengths);

  /// As a first entry for the next batch: what is durable before it is written.
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
    /// An append or a sync failed: nobody knows what of it is where, so its mark stays.
    std::atomic<bool> failed = false;
  };

 private:
  Status take_back(std::uint64_t log);

  const std::string folder_;
  std::mutex mutex_;
  WalMarks marks_;
  WalMarkFile file_;
  std::map<std::uint64_t, std::shared_ptr<Log>> logs_;  ///< Made since the start.
  bool complained_ = false;
};

/// The number of a write-ahead log's file ("/somewhere/000012.log"); nullopt for any other file.
std::optional<std::uint64_t> wal_number(std::string_view path);

}  // namespace posthorn::engine::rocks
