#include "engine/rocksdb/disk/store_files.h"

#include <charconv>
#include <filesystem>
#include <functional>

namespace posthorn::engine::rocks {
namespace {

constexpr std::string_view kManifestPrefix = "MANIFEST-";
constexpr std::string_view kOptionsPrefix = "OPTIONS-";
/// RocksDB's number for the first MANIFEST of a new store; the next start writes another.
constexpr std::uint64_t kFirstManifest = 1;

std::optional<std::uint64_t> whole_number(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

/// The number in names like "000012.sst", for `suffix` ".sst".
std::optional<std::uint64_t> number_before(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  return whole_number(name);
}

bool is_numbered(std::string_view name, std::string_view suffix) {
  return number_before(name, suffix).has_value();
}

/// Calls `take` with the name of each file. A folder that does not exist counts as empty.
Status for_each_name(const std::string& path, const std::function<void(const std::string&)>& take) {
  std::error_code error;
  std::filesystem::directory_iterator it(path, error);
  for (; !error && it != std::filesystem::directory_iterator(); it.increment(error))
    take(it->path().filename().string());
  if (error && error != std::errc::no_such_file_or_directory)
    return fail(ErrorKind::io, fmt::format("cannot list the data directory {}", path),
                error.message());
  return {};
}

void take(StoreFiles& files, std::string_view name) {
  if (name == "CURRENT") {
    files.current = true;
  } else if (const auto number = manifest_number(name)) {
    files.manifests.push_back(*number);
  } else if (name.starts_with(kOptionsPrefix)) {
    files.options = true;
  } else if (is_numbered(name, ".sst") || is_numbered(name, ".ldb")) {
    ++files.tables;
  } else if (is_numbered(name, ".blob")) {
    ++files.blobs;
  } else if (is_numbered(name, ".log")) {
    ++files.logs;
  }
}

std::string counted(std::size_t n, std::string_view what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

}  // namespace

bool StoreFiles::none() const {
  const bool only_the_first =
      manifests.empty() || (manifests.size() == 1 && manifests.front() == kFirstManifest);
  return !current && !has_data() && !options && only_the_first;
}

std::string StoreFiles::describe() const {
  return fmt::format("{}, {}, {}", counted(tables, "table"), counted(blobs, "blob file"),
                     counted(logs, "log"));
}

Result<StoreFiles> list_store_files(const std::string& path) {
  StoreFiles files;
  Status listed = for_each_name(path, [&](const std::string& name) { take(files, name); });
  if (!listed) return pass(listed);
  std::ranges::sort(files.manifests);
  return files;
}

Result<std::vector<std::uint64_t>> list_tables(const std::string& path) {
  std::vector<std::uint64_t> numbers;
  Status listed = for_each_name(path, [&](const std::string& name) {
    if (const auto number = number_before(name, ".sst")) numbers.push_back(*number);
  });
  if (!listed) return pass(listed);
  std::ranges::sort(numbers);
  return numbers;
}

std::string table_name(std::uint64_t number) { return fmt::format("{:06}.sst", number); }

std::string manifest_name(std::uint64_t number) {
  return fmt::format("{}{:06}", kManifestPrefix, number);
}

std::optional<std::uint64_t> manifest_number(std::string_view name) {
  if (!name.starts_with(kManifestPrefix)) return std::nullopt;
  return whole_number(name.substr(kManifestPrefix.size()));
}

}  // namespace posthorn::engine::rocks
