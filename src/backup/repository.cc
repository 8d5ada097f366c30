#include "backup/repository.h"

#include <filesystem>

namespace posthorn::backup {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMarker = "/posthorn-backups";
constexpr std::string_view kMarkerText = "Backups made by \"posthorn backup\", format 1.\n";
constexpr std::string_view kSuffix = ".json";
constexpr std::size_t kMaxManifest = 512UL << 20;

bool is_repository(const std::string& folder) {
  std::error_code ignored;
  return fs::exists(folder + std::string(kMarker), ignored);
}

Status make_repository(const std::string& folder) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_empty(folder, error))
    return fail(ErrorKind::bad_argument,
                fmt::format("{} contains other files; give an empty folder, or one that has "
                            "backups of Posthorn",
                            folder));
  if (Status made = make_folder(folder); !made) return made;
  return write_atomically(folder + std::string(kMarker), kMarkerText);
}

}  // namespace

Result<Repository> Repository::open_to_write(std::string folder) {
  Status ready;
  if (!is_repository(folder)) ready = make_repository(folder);
  if (ready) ready = make_folder(folder + "/files");
  if (ready) ready = make_folder(folder + "/backups");
  if (!ready) return pass(ready);
  auto lock = FolderLock::take(folder, FolderLock::Kind::exclusive);
  if (!lock) return pass(lock);
  return Repository(std::move(folder), std::move(*lock));
}

Result<Repository> Repository::open_to_read(std::string folder) {
  if (!is_repository(folder))
    return fail(ErrorKind::not_found, fmt::format("there are no backups in {}", folder));
  auto lock = FolderLock::take(folder, FolderLock::Kind::shared);
  if (!lock) return pass(lock);
  return Repository(std::move(folder), std::move(*lock));
}

std::string Repository::content_path(std::string_view sha256) const {
  return fmt::format("{}/files/{}/{}", folder_, sha256.substr(0, 2), sha256);
}

std::string Repository::manifest_path(std::string_view name) const {
  return fmt::format("{}/backups/{}{}", folder_, name, kSuffix);
}

Result<std::vector<std::string>> Repository::names() const {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator it(folder_ + "/backups", error);
  for (; !error && it != fs::directory_iterator(); it.increment(error)) {
    std::string name = it->path().filename().string();
    if (!name.ends_with(kSuffix)) continue;
    name.resize(name.size() - kSuffix.size());
    if (is_name(name)) names.push_back(std::move(name));
  }
  if (error)
    return fail(ErrorKind::io, fmt::format("{}/backups cannot be listed", folder_),
                error.message());
  std::ranges::sort(names);
  return names;
}

Result<Manifest> Repository::load(const std::string& name) const {
  if (!is_name(name))
    return fail(ErrorKind::bad_argument, fmt::format("'{}' is not the name of a backup", name));
  auto text = read_all(manifest_path(name), kMaxManifest);
  if (!text && text.error().kind == ErrorKind::not_found)
    return fail(ErrorKind::not_found, fmt::format("there is no backup {} in {}", name, folder_));
  if (!text) return pass(text);
  auto manifest = parse_manifest(*text);
  if (manifest && manifest->name != name)
    manifest = fail(ErrorKind::corrupt, "the list of files is that of another backup");
  if (!manifest) manifest.error().text = fmt::format("{}: {}", name, manifest.error().text);
  return manifest;
}

Result<Manifest> Repository::choose(const std::string& name) const {
  if (!name.empty()) return load(name);
  auto all = names();
  if (!all) return pass(all);
  if (all->empty())
    return fail(ErrorKind::not_found, fmt::format("there are no backups in {}", folder_));
  return load(all->back());
}

Result<std::vector<std::string>> Repository::contents() const {
  std::vector<std::string> sums;
  std::error_code error;
  fs::recursive_directory_iterator it(folder_ + "/files", error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    std::string name = it->path().filename().string();
    if (is_sum(name)) sums.push_back(std::move(name));
  }
  if (error)
    return fail(ErrorKind::io, fmt::format("{}/files cannot be listed", folder_), error.message());
  return sums;
}

}  // namespace posthorn::backup
