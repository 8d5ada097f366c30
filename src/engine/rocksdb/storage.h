#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <shared_mutex>

#include "engine/rocksdb/database.h"

namespace posthorn::engine::rocks {

/// The database and whether it can be used right now: closed on demand, and reopened in place after
/// an error RocksDB itself cannot resume from. Thread: any.
class Storage {
 public:
  Storage(RocksDbOptions options, ::rocksdb::Env* env, std::shared_ptr<Alarm> alarm,
          std::unique_ptr<Database> database)
      : options_(std::move(options)),
        env_(env),
        alarm_(std::move(alarm)),
        database_(std::move(database)) {}

  [[nodiscard]] Alarm& alarm() { return *alarm_; }

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

  /// After a failed write: lets RocksDB resume, or reopens. Not with a `Use` in hand. Errors: why
  /// writing is still impossible.
  Status recover();
  /// Flushes, if it can, and closes. Not with a `Use` in hand, nor while `recover` may run.
  void close();

 private:
  Status reopen();

  const RocksDbOptions options_;
  ::rocksdb::Env* const env_;
  const std::shared_ptr<Alarm> alarm_;
  std::shared_mutex mutex_;
  std::atomic<bool> replacing_ = false;  ///< Keeps new readers off, so that they cannot starve it.
  std::unique_ptr<Database> database_;   ///< Null when closed or not reopened yet.
  bool closed_ = false;
};

}  // namespace posthorn::engine::rocks
