#include "engine/rocksdb/wal/wal_watch.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/log.h"

namespace posthorn::engine::rocks {
namespace {

using ::rocksdb::IODebugContext;
using ::rocksdb::IOOptions;
using ::rocksdb::IOStatus;
using ::rocksdb::Slice;

class WatchedLog final : public ::rocksdb::FSWritableFileOwnerWrapper {
 public:
  WatchedLog(std::unique_ptr<::rocksdb::FSWritableFile> file, std::shared_ptr<WalWatch::Log> log)
      : FSWritableFileOwnerWrapper(std::move(file)), log_(std::move(log)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return appended(data, FSWritableFileOwnerWrapper::Append(data, options, debug));
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const ::rocksdb::DataVerificationInfo& verify, IODebugContext* debug) override {
    return appended(data, FSWritableFileOwnerWrapper::Append(data, options, verify, debug));
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    const std::uint64_t before = log_->written;
    return synced(before, FSWritableFileOwnerWrapper::Sync(options, debug));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    const std::uint64_t before = log_->written;
    return synced(before, FSWritableFileOwnerWrapper::Fsync(options, debug));
  }

 private:
  IOStatus appended(const Slice& data, IOStatus status) {
    if (status.ok()) {
      log_->written += data.size();
    } else {
      log_->failed = true;
    }
    return status;
  }
  IOStatus synced(std::uint64_t length, IOStatus status) {
    if (status.ok()) {
      log_->synced = length;
    } else {
      // A later sync may succeed without covering the data that this one lost.
      log_->failed = true;
    }
    return status;
  }

  const std::shared_ptr<WalWatch::Log> log_;
};

}  // namespace

std::optional<std::uint64_t> wal_number(std::string_view path) {
  if (const std::size_t slash = path.rfind('/'); slash != std::string_view::npos)
    path.remove_prefix(slash + 1);
  constexpr std::string_view kSuffix = ".log";
  if (!path.ends_with(kSuffix)) return std::nullopt;
  path.remove_suffix(kSuffix.size());
  std::uint64_t number = 0;
  const auto read = std::from_chars(path.data(), path.data() + path.size(), number);
  if (read.ec != std::errc() || read.ptr != path.data() + path.size()) return std::nullopt;
  return number;
}

WalWatch::WalWatch(std::shared_ptr<::rocksdb::FileSystem> base, std::string folder, WalMarks marks)
    : FileSystemWrapper(base),
      folder_(std::move(folder)),
      marks_(std::move(marks)),
      file_(folder_) {
  static_cast<void>(file_.read());  // To continue from its generation.
}

std::optional<std::uint64_t> WalWatch::own_log(const std::string& name) const {
  // The paths may be written differently, for example with a slash more.
  const auto folder_of = [](const std::string& file) {
    return std::filesystem::path(file).lexically_normal().parent_path();
  };
  const auto number = wal_number(name);
  return number && folder_of(name) == folder_of(folder_ + "/CURRENT") ? number : std::nullopt;
}

WalWatch::Lengths WalWatch::lengths() {
  const MutexLock lock(mutex_);
  Lengths lengths;
  for (const auto& [number, log] : logs_)
    if (!log->failed) lengths.push_back({number, log->written});
  return lengths;
}

void WalWatch::synced(const Lengths& lengths) {
  const MutexLock lock(mutex_);
  bool news = false;
  for (const auto& [number, length] : lengths) {
    const auto it = logs_.find(number);
    // A length below the synced length is the end of a record. The synced length itself need not be
    // one, if data was being appended at the same time.
    if (it == logs_.end() || it->second->synced < length || length <= marks_.of(number)) continue;
    marks_.set({number, length});
    news = true;
  }
  if (!news) return;
  const Status written = file_.write(marks_);
  if (!written && !std::exchange(complained_, true))
    log::warning("storage: {}: damage to the newest changes may go unnoticed ({})",
                 written.error().text, written.error().cause);
  if (written) complained_ = false;
}

std::string WalWatch::claim() {
  const MutexLock lock(mutex_);
  return format_claim(marks_.logs.empty() ? SyncedMark{} : marks_.logs.back());
}

IOStatus WalWatch::NewWritableFile(const std::string& name, const ::rocksdb::FileOptions& options,
                                   std::unique_ptr<::rocksdb::FSWritableFile>* result,
                                   IODebugContext* debug) {
  IOStatus made = FileSystemWrapper::NewWritableFile(name, options, result, debug);
  const auto number = own_log(name);
  if (!made.ok() || !number) return made;
  auto log = std::make_shared<Log>();
  *result = std::make_unique<WatchedLog>(std::move(*result), log);
  const MutexLock lock(mutex_);
  logs_.insert_or_assign(*number, std::move(log));
  return made;
}

Status WalWatch::take_back(std::uint64_t number) {
  std::uint64_t octets = 0;
  {
    const MutexLock lock(mutex_);
    logs_.erase(number);
    octets = marks_.of(number);
    if (octets == 0) return {};
    marks_.erase(number);
    if (Status written = file_.write_both(marks_); !written) {
      marks_.set({number, octets});
      return written;
    }
  }
  // Not under the lock, because commits wait for that.
  Status durable = file_.sync();
  if (durable) return {};
  const MutexLock lock(mutex_);
  marks_.set({number, octets});
  return durable;
}

IOStatus WalWatch::DeleteFile(const std::string& name, const IOOptions& options,
                              IODebugContext* debug) {
  // If the log were deleted while its mark remained, the next start would report it as lost.
  if (const auto number = own_log(name))
    if (const Status gone = take_back(*number); !gone)
      return IOStatus::IOError(gone.error().text, gone.error().cause);
  return FileSystemWrapper::DeleteFile(name, options, debug);
}

IOStatus WalWatch::RenameFile(const std::string& from, const std::string& to,
                              const IOOptions& options, IODebugContext* debug) {
  if (to == folder_ + "/CURRENT") {
    // The marks name both MANIFESTs, the old and the new, because a crash may come before or after
    // the rename. They must be durable first: with a CURRENT that they do not name, they are void.
    std::ifstream file(from, std::ios::binary);
    const std::string says{std::istreambuf_iterator<char>(file), {}};
    const MutexLock lock(mutex_);
    marks_.manifest = current_manifest(folder_).value_or(0);
    marks_.next_manifest = manifest_named_by(says).value_or(0);
    Status told = file_.write_both(marks_);
    if (told) told = file_.sync();
    if (!told) return IOStatus::IOError(told.error().text, told.error().cause);
  }
  return FileSystemWrapper::RenameFile(from, to, options, debug);
}

}  // namespace posthorn::engine::rocks
