#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <shared_mutex>

#include "base/mutex.h"
#include "engine/rocksdb/database.h"
#include "engine/rocksdb/disk/disk_room.h"

namespace posthorn::engine::rocks {

/// Owns the database and controls access to it: closes it on request, and reopens it in place after
/// a failed write.
/// Thread: any.
///
/// RocksDB's own recovery (`DB::Resume`) is not used. It waits without limit for a flush that may
/// never succeed, and then close hangs too. Reopening replays the log, whose size is bounded, and
/// returns an error if it cannot continue.
class Storage {
 public:
  Storage(RocksDbOptions options, ::rocksdb::Env* env, std::shared_ptr<Alarm> alarm,
          std::unique_ptr<Database> database)
      : options_(std::move(options)),
        env_(env),
        alarm_(std::move(alarm)),
        room_(options_.disk_reserve_bytes, measure_disk(options_.path)),
        database_(std::move(database)) {}

  [[nodiscard]] Alarm& alarm() { return *alarm_; }
  /// Checks that the disk has room for new data. Errors: unavailable.
  Status check_room() { return room_.check(); }

  /// While a Use exists, the database is neither closed nor replaced. Keep it for a single call
  /// only.
  class Use {
   public:
    Use(std::shared_lock<SharedMutex> lock, Database& database)
        : lock_(std::move(lock)), database_(&database) {}
    Database* operator->() const { return database_; }
    Database& operator*() const { return *database_; }

   private:
    std::shared_lock<SharedMutex> lock_;
    Database* database_;
  };
  /// Errors: unavailable after close, and while the database is being reopened.
  // Not analyzed, because the lock moves into the result: the Use holds it while it exists.
  Result<Use> use() POSTHORN_NO_THREAD_SAFETY_ANALYSIS;

  /// After a failed write: reopens the database, but only once the disk accepts files again. Until
  /// then, and if reopening fails, existing data can still be read. The caller must not hold a
  /// `Use`. Errors: the reason why writing is still impossible.
  Status recover();
  /// Returns true if `recover` could open the database for reading only.
  /// Thread: that of recover.
  [[nodiscard]] bool is_reading_only() const { return reading_only_; }
  /// Turns failing compactions off for a time, and on again. Returns the time of the next call that
  /// is needed.
  std::optional<CompactionCare::Clock::time_point> tend();
  /// Flushes if possible, then closes. The caller must not hold a `Use`, and `recover` must not
  /// run.
  void close();

 private:
  Status reopen();

  const RocksDbOptions options_;
  ::rocksdb::Env* const env_;
  const std::shared_ptr<Alarm> alarm_;
  DiskRoom room_;
  SharedMutex mutex_;
  /// Stops new readers, so that they cannot starve the replacement.
  std::atomic<bool> replacing_ = false;
  /// Null if closed or not reopened yet.
  std::unique_ptr<Database> database_ POSTHORN_GUARDED_BY(mutex_);
  bool closed_ POSTHORN_GUARDED_BY(mutex_) = false;
  bool reading_only_ = false;
};

}  // namespace posthorn::engine::rocks
