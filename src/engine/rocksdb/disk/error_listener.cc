#include "engine/rocksdb/disk/error_listener.h"

#include "base/log.h"

namespace posthorn::engine::rocks {
namespace {

/// RocksDB names the damaged file if it knows it; otherwise any of the files that were read may be
/// damaged.
std::string words_of(const ::rocksdb::CompactionJobInfo& job) {
  std::string words = job.status.ToString();
  if (words.find(".sst") != std::string::npos || words.find(".blob") != std::string::npos)
    return words;
  constexpr std::size_t kNamed = 8;
  words += ", in one of";
  for (std::size_t i = 0; i < job.input_files.size() && i < kNamed; ++i)
    words += " " + job.input_files[i];
  if (job.input_files.size() > kNamed)
    words += fmt::format(" and {} others", job.input_files.size() - kNamed);
  return words;
}

class ErrorListener final : public ::rocksdb::EventListener {
 public:
  explicit ErrorListener(std::shared_ptr<Alarm> alarm) : alarm_(std::move(alarm)) {}

  void OnCompactionCompleted(::rocksdb::DB* /*db*/,
                             const ::rocksdb::CompactionJobInfo& job) override {
    const ::rocksdb::Status& status = job.status;
    if (status.ok() || status.IsShutdownInProgress() || status.IsColumnFamilyDropped() ||
        status.IsManualCompactionPaused())
      return;
    alarm_->compactions().failed(job.cf_name, words_of(job), CompactionCare::Clock::now());
    alarm_->raise(Alarm::Kind::compaction);
  }

  void OnBackgroundError(::rocksdb::BackgroundErrorReason reason,
                         ::rocksdb::Status* error) override {
    if (reason == ::rocksdb::BackgroundErrorReason::kCompaction) {
      // The compaction changed nothing, and OnCompactionCompleted has reported it.
      *error = ::rocksdb::Status::OK();
      return;
    }
    log::error("storage: RocksDB stopped writing: {}", error->ToString());
    alarm_->raise(Alarm::Kind::stopped);
  }

  void OnErrorRecoveryBegin(::rocksdb::BackgroundErrorReason /*reason*/,
                            ::rocksdb::Status /*error*/, bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  std::shared_ptr<Alarm> alarm_;
};

}  // namespace

std::shared_ptr<::rocksdb::EventListener> make_error_listener(std::shared_ptr<Alarm> alarm) {
  return std::make_shared<ErrorListener>(std::move(alarm));
}

}  // namespace posthorn::engine::rocks
