#include "engine/rocksdb/storage.h"

#include "base/log.h"
#include "engine/rocksdb/status.h"

namespace posthorn::engine::rocks {

Result<Storage::Use> Storage::use() {
  if (replacing_.load(std::memory_order_relaxed))
    return posthorn::fail(ErrorKind::unavailable, "the storage engine is being reopened");
  std::shared_lock lock(mutex_);
  if (!database_)
    return posthorn::fail(ErrorKind::unavailable, closed_ ? "the storage engine is closed"
                                                          : "the storage engine is not open");
  return Use(std::move(lock), *database_);
}

Status Storage::recover() {
  {
    const std::shared_lock lock(mutex_);
    if (database_) {
      const ::rocksdb::Status resumed = database_->db().Resume();
      if (resumed.ok()) return {};
      if (resumed.severity() < ::rocksdb::Status::Severity::kFatalError) return fail(resumed);
    }
  }
  return reopen();
}

Status Storage::reopen() {
  replacing_ = true;
  const std::unique_lock lock(mutex_);
  database_.reset();
  auto opened = Database::open(options_, env_, alarm_);
  replacing_ = false;
  if (!opened) return pass(opened);
  database_ = std::move(*opened);
  log::info("storage: reopened after an error");
  return {};
}

void Storage::close() {
  const std::unique_lock lock(mutex_);
  closed_ = true;
  if (!database_) return;
  if (Status flushed = database_->flush(); !flushed)
    log::error("storage: flushing on close: {}", flushed.error().cause);
  database_.reset();
}

}  // namespace posthorn::engine::rocks
