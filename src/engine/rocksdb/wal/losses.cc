#include "engine/rocksdb/wal/losses.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "engine/rocksdb/wal/durable.h"

namespace posthorn::engine::rocks {

Result<std::uint64_t> latest_epoch(const std::string& folder) {
  const std::string path = folder + "/" + kLossesFile;
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return 0;
  std::ifstream file(path);
  std::uint64_t latest = 0;
  for (std::string line; std::getline(file, line);) {
    std::uint64_t epoch = 0;
    if (std::from_chars(line.data(), line.data() + line.size(), epoch).ec == std::errc())
      latest = std::max(latest, epoch);
  }
  if (!file.eof()) return posthorn::fail(ErrorKind::io, path + " cannot be read");
  return latest;
}

Result<std::uint64_t> declare_older(const std::string& folder, const std::string& why) {
  auto latest = latest_epoch(folder);
  if (!latest) return latest;
  const auto now = static_cast<std::uint64_t>(std::max<std::time_t>(std::time(nullptr), 1));
  const std::uint64_t epoch = std::max(now, *latest + 1);
  if (Status added = append_line(folder, kLossesFile, fmt::format("{} {}", epoch, why)); !added)
    return pass(added);
  return epoch;
}

}  // namespace posthorn::engine::rocks
