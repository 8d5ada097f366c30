#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/rocksdb/disk/alarm.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "engine/rocksdb/wal/wal_watch.h"

namespace posthorn::engine::rocks {

/// Whether a read may wait for the disk. A cached-only read returns would_block if it would have to
/// wait, or cannot tell whether the data exists. Any other result is the same as that of a read
/// that may block.
enum class Tier : std::uint8_t { cached_only, may_block };

/// An open RocksDB database and its column families.
/// Thread: any, as RocksDB itself.
class Database {
 public:
  /// A null `env` means the machine's file system. Errors: as open_rocksdb.
  static Result<std::unique_ptr<Database>> open(const RocksDbOptions& options, ::rocksdb::Env* env,
                                                const std::shared_ptr<Alarm>& alarm);
  /// Opens an existing database for reading only. The log is replayed in memory and nothing is
  /// written, so mail can be read while the disk is full or not writable. Takes no lock. Errors: as
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

  /// Returns nullopt if the key is absent. With cached_only, nothing is read from the disk, and an
  /// empty value returns would_block, because RocksDB may mean "not known" by it.
  /// Errors: would_block, io, corrupt.
  Result<std::optional<std::string>> get(::rocksdb::ColumnFamilyHandle* family,
                                         std::string_view key, Tier tier);
  /// The same without a copy: a value that is there is put into `value`, and keeps its block or
  /// blob in RocksDB's cache until `value` is reset. Returns whether it is there.
  Result<bool> get_pinned(::rocksdb::ColumnFamilyHandle* family, std::string_view key, Tier tier,
                          ::rocksdb::PinnableSlice& value);
  /// RocksDB's Write. One thread at a time may call it: the committer groups commits better than
  /// RocksDB, which would make one writer thread write for the others. Waits for a sync that is in
  /// progress.
  ::rocksdb::Status write(const ::rocksdb::WriteOptions& options, ::rocksdb::WriteBatch& batch);
  /// Makes all earlier writes durable.
  ::rocksdb::Status sync();
  /// True if a write or sync has failed, or if the database is open for reading only. From then on
  /// `write`, `sync` and `flush` fail without calling RocksDB, because RocksDB ends the process (an
  /// assertion) on a log write after an error. Reading still works. Only reopening the database
  /// clears this state.
  [[nodiscard]] bool failed() const { return failed_; }
  /// Turns a family's automatic compactions, and the limits on files waiting for one, on or off.
  /// Errors: io.
  Status turn_compactions(const std::string& family, bool on);
  /// The amount of data that would have to be written to table files if the database were closed
  /// and opened again.
  [[nodiscard]] std::uint64_t unflushed_bytes();
  /// The first entry of a write batch (wal_file.h).
  [[nodiscard]] std::string claim() { return watch_->claim(); }
  /// Engine::epoch.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  /// Makes all earlier writes durable and empties the write buffers, so that the next open has
  /// nothing to replay.
  Status flush();

 private:
  Database() = default;
  Status check_format();
  Status put_format();
  ::rocksdb::Status note(::rocksdb::Status status);
  Status read_epoch(const std::string& path);
  Status put(std::string_view key, std::string_view value);

  std::shared_ptr<WalWatch> watch_;
  std::unique_ptr<::rocksdb::Env> env_;  ///< Layered over watch_.
  std::unique_ptr<::rocksdb::DB> db_;
  std::vector<::rocksdb::ColumnFamilyHandle*> handles_;
  Mutex writing_;  ///< Held for each write: RocksDB ends the process if one follows a failure.
  std::atomic<bool> failed_ = false;
  std::uint64_t epoch_ = 0;
};

[[nodiscard]] inline ::rocksdb::Slice slice(std::string_view v) { return {v.data(), v.size()}; }
[[nodiscard]] inline std::string_view view(const ::rocksdb::Slice& s) {
  return {s.data(), s.size()};
}
[[nodiscard]] ::rocksdb::ReadOptions read_options(Tier tier);

}  // namespace posthorn::engine::rocks
