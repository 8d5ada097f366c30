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
  std::uint64_t unflushed = 0;
  if (const ReadLock lock(mutex_); database_) unflushed = database_->unflushed_bytes();
  ::rocksdb::Env& env = env_ ? *env_ : *::rocksdb::Env::Default();
  if (Status ready = probe_disk(env, options_.path, unflushed); !ready) return ready;
  return reopen();
}

Status Storage::reopen() {
  replacing_ = true;
  const WriteLock lock(mutex_);
  database_.reset();
  auto opened = Database::open(options_, env_, alarm_);
  reading_only_ = false;
  if (opened) {
    database_ = std::move(*opened);
    alarm_->compactions().reset();
  } else if (auto reading = Database::open_to_read(options_, env_, alarm_)) {
    database_ = std::move(*reading);
    reading_only_ = true;
    log::warning("storage: open for reading only");
  }
  replacing_ = false;
  if (!opened) return pass(opened);
  log::info("storage: opened again after an error");
  return {};
}

std::optional<CompactionCare::Clock::time_point> Storage::tend() {
  auto use = this->use();
  if (!use) return std::nullopt;
  return alarm_->compactions().tend(
      CompactionCare::Clock::now(), [&](const std::string& family, bool on) {
        if (Status turned = (*use)->turn_compactions(family, on); !turned) {
          log::warning("storage: compactions of '{}' cannot be turned {}: {}", family,
                       on ? "on" : "off", turned.error().cause);
          return false;
        }
        return true;
      });
}

void Storage::close() {
  const WriteLock lock(mutex_);
  closed_ = true;
  if (!database_) return;
  if (database_->failed()) {
    log::warning("storage: closed after an error; the log will be replayed at the next start");
  } else if (Status flushed = database_->flush(); !flushed) {
    log::error("storage: the flush on close failed: {}", flushed.error().cause);
  }
  database_.reset();
}

}  // namespace posthorn::engine::rocks
