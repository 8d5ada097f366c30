#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <shared_mutex>

#include "engine/rocksdb/database.h"
#include "engine/rocksdb/disk/disk_room.h"

namespace posthorn::engine::rocks {

/// The database and whether it can be used right now: closed on demand, and opened anew in place
/// after a write failed. Thread: any.
///
/// RocksDB's own way to go on after an error (`DB::Resume`) is not used: it waits without a bound
/// for a flush that may never come, and then even closing hangs. Opening anew replays the log,
/// whose size is bounded, and fails with an error where it cannot go on.
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
  /// Whether the disk has room for something new. Errors: unavailable.
  Status check_room() { return room_.check(); }

  /// While it lives the database is neither closed nor replaced. To be kept for one call only.
  class Use {
   public:
    Use(std::shared_lock<std::shared_mutex> lock, Database& database)
        : lock_(std::move(lock)), database_(&database) {}
    Database* operator->() const { return database_; }
    Database& operator*() const { return *database_; }

   private:
    std::shared_lock<std::shared_mutex> lock_;
    Database* database_;
  };
  /// Errors: unavailable after close, or while the database is being reopened.
  Result<Use> use();

  /// After a failed write: opens the database anew, but only once the disk takes files again; until
  /// then, and when opening fails, what is there can still be read. Not with a `Use` in hand.
  /// Errors: why writing is still impossible.
  Status recover();
  /// `recover` could open it for reading only. Thread: that of recover.
  [[nodiscard]] bool is_reading_only() const { return reading_only_; }
  /// Turns compactions that fail off for a time, and on again. Answers when to call it again.
  std::optional<CompactionCare::Clock::time_point> tend();
  /// Flushes, if it can, and closes. Not with a `Use` in hand, nor while `recover` may run.
  void close();

 private:
  Status reopen();

  const RocksDbOptions options_;
  ::rocksdb::Env* const env_;
  const std::shared_ptr<Alarm> alarm_;
  DiskRoom room_;
  std::shared_mutex mutex_;
  std::atomic<bool> replacing_ = false;  ///< Keeps new readers off, so that they cannot starve it.
  std::unique_ptr<Database> database_;   ///< Null when closed or not reopened yet.
  bool closed_ = false;
  bool reading_only_ = false;
};

}  // namespace posthorn::engine::rocks
