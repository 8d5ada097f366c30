#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/rocksdb/disk/alarm.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "engine/rocksdb/wal/wal_watch.h"

namespace posthorn::engine::rocks {

/// An open RocksDB and its column families. Thread: any, as RocksDB's own.
class Database {
 public:
  /// `env` null: the machine's. Errors as open_rocksdb.
  static Result<std::unique_ptr<Database>> open(const RocksDbOptions& options, ::rocksdb::Env* env,
                                                const std::shared_ptr<Alarm>& alarm);
  /// Opens what is there for reading only: the log is replayed in memory and nothing is written, so
  /// that mail can be read while the disk is full or cannot be written. Takes no lock. Errors as
  /// open_rocksdb.
  static Result<std::unique_ptr<Database>> open_to_read(const RocksDbOptions& options,
                                                        ::rocksdb::Env* env,
                                                        const std::shared_ptr<Alarm>& alarm);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] ::rocksdb::DB& db() { return *db_; }
  [[nodiscard]] ::rocksdb::ColumnFamilyHandle* meta() const { return handles_[0]; }
  [[nodiscard]] ::rocksdb::ColumnFamilyHandle* rows() const { return handles_[1]; }
  [[nodiscard]] ::rocksdb::ColumnFamilyHandle* pages() const { return handles_[2]; }
  [[nodiscard]] ::rocksdb::ColumnFamilyHandle* pieces() const { return handles_[3]; }
  [[nodiscard]] ::rocksdb::ColumnFamilyHandle* holders() const { return handles_[4]; }

  /// nullopt when the key is absent. With cached_only nothing is read from the disk, and an empty
  /// value is answered with would_block, since it may stand for "not known". Errors: would_block,
  /// io, corrupt.
  Result<std::optional<std::string>> get(::rocksdb::ColumnFamilyHandle* family,
                                         std::string_view key, Tier tier);
  /// RocksDB's Write, by one thread at a time: the committer makes groups better than RocksDB,
  /// which would make one thread write for the others. Waits for a sync that another is in.
  ::rocksdb::Status write(const ::rocksdb::WriteOptions& options, ::rocksdb::WriteBatch& batch);
  /// Makes every write so far durable.
  ::rocksdb::Status sync();
  /// A write or sync has failed, or it is open for reading only. From then on `write`, `sync` and
  /// `flush` fail without asking RocksDB, which ends the process (an assertion) when something is
  /// written to a log after an error; reading goes on. Only opening it again makes it well.
  [[nodiscard]] bool failed() const { return failed_; }
  /// Automatic compactions of a family, and the limits on files that wait for one. Errors: io.
  Status turn_compactions(const std::string& family, bool on);
  /// What has to be written to table files when it is closed and opened again.
  [[nodiscard]] std::uint64_t unflushed_bytes();
  /// What a write batch says first (wal_file.h).
  [[nodiscard]] std::string claim() { return watch_->claim(); }
  /// Engine::epoch.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  /// Makes every write so far durable and empties the write buffers, so that the next open has
  /// nothing to replay.
  Status flush();

 private:
  Database() = default;
  Status check_format();
  ::rocksdb::Status note(::rocksdb::Status status);
  Status read_epoch(const std::string& path);
  Status put(std::string_view key, std::string_view value);

  std::shared_ptr<WalWatch> watch_;
  std::unique_ptr<::rocksdb::Env> env_;  ///< Over watch_.
  std::unique_ptr<::rocksdb::DB> db_;
  std::vector<::rocksdb::ColumnFamilyHandle*> handles_;
  std::mutex writing_;
  std::atomic<bool> failed_ = false;
  std::uint64_t epoch_ = 0;
};

[[nodiscard]] inline ::rocksdb::Slice slice(std::string_view v) { return {v.data(), v.size()}; }
[[nodiscard]] inline std::string_view view(const ::rocksdb::Slice& s) {
  return {s.data(), s.size()};
}
[[nodiscard]] ::rocksdb::ReadOptions read_options(Tier tier);

}  // namespace posthorn::engine::rocks
