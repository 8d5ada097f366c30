#include "engine/rocksdb/disk/info_log.h"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string_view>

#include "base/log.h"

namespace posthorn::engine::rocks {
namespace {

constexpr std::size_t kLongestLine = 1000;  ///< Longer text is cut.

class InfoLog final : public ::rocksdb::Logger {
 public:
  InfoLog() : Logger(::rocksdb::InfoLogLevel::WARN_LEVEL) {}

  // Messages without a level are meant for RocksDB's own log file only.
  void Logv(const char* /*format*/, std::va_list /*arguments*/) override {}

  void Logv(::rocksdb::InfoLogLevel level, const char* format, std::va_list arguments) override {
    if (level < ::rocksdb::InfoLogLevel::WARN_LEVEL || level > ::rocksdb::InfoLogLevel::FATAL_LEVEL)
      return;
    std::array<char, kLongestLine> line{};
    if (std::vsnprintf(line.data(), line.size(), format, arguments) < 0) return;
    // A checkpoint counts these up and down, and warns of it each time.
    if (std::string_view(line.data()).contains("File Deletions")) return;
    // One rate limit for each of RocksDB's messages.
    log::warning_about(format, "storage: RocksDB says: {}", std::string_view(line.data()));
  }
};

}  // namespace

std::shared_ptr<::rocksdb::Logger> make_info_log() { return std::make_shared<InfoLog>(); }

}  // namespace posthorn::engine::rocks
