#include "backup/prune.h"

#include <charconv>
#include <functional>
#include <set>

#include "base/clock.h"

namespace posthorn::backup {
namespace {

std::int64_t number_at(std::string_view name, std::size_t at, std::size_t digits) {
  std::int64_t number = 0;
  std::from_chars(name.data() + at, name.data() + at + digits, number);
  return number;
}

/// Days since 1970 of a backup's name.
std::int64_t day_of(std::string_view name) {
  return days_from({static_cast<std::int32_t>(number_at(name, 0, 4)),
                    static_cast<std::uint8_t>(number_at(name, 5, 2)),
                    static_cast<std::uint8_t>(number_at(name, 8, 2))});
}
/// 1970-01-01 was a Thursday.
std::int64_t week_of(std::string_view name) { return (day_of(name) + 3) / 7; }
std::int64_t month_of(std::string_view name) {
  return number_at(name, 0, 4) * 12 + number_at(name, 5, 2);
}

/// Keeps the newest of each of the newest `count` periods. `names` are newest first.
void keep_each(const std::vector<std::string>& names, std::uint64_t count,
               const std::function<std::int64_t(std::string_view)>& period_of,
               std::set<std::string>& kept) {
  std::set<std::int64_t> periods;
  for (const std::string& name : names) {
    if (periods.size() == count) return;
    if (periods.insert(period_of(name)).second) kept.insert(name);
  }
}

/// The contents that backups refer to, except for `names`.
Result<std::set<std::string>> contents_besides(const Repository& repository,
                                               const std::vector<std::string>& names) {
  auto all = repository.names();
  if (!all) return pass(all);
  std::set<std::string> needed;
  for (const std::string& name : *all) {
    if (std::ranges::find(names, name) != names.end()) continue;
    auto manifest = repository.load(name);
    if (!manifest) return pass(manifest);
    for (const ManifestFile& file : manifest->files) needed.insert(file.sha256);
  }
  return needed;
}

}  // namespace

std::vector<std::string> to_remove(std::vector<std::string> names, const Keep& keep) {
  std::ranges::sort(names, std::greater());
  std::set<std::string> kept;
  for (std::size_t i = 0; i < names.size() && i < std::max<std::uint64_t>(keep.last, 1); ++i)
    kept.insert(names[i]);
  keep_each(names, keep.daily, day_of, kept);
  keep_each(names, keep.weekly, week_of, kept);
  keep_each(names, keep.monthly, month_of, kept);
  std::erase_if(names, [&](const std::string& name) { return kept.contains(name); });
  return names;
}

Result<Pruned> remove_backups(const Repository& repository, const std::vector<std::string>& names) {
  auto needed = contents_besides(repository, names);
  if (!needed) return pass(needed);
  auto present = repository.contents();
  if (!present) return pass(present);
  // The lists of files go first: a backup that is listed is always complete.
  for (const std::string& name : names)
    if (Status gone = remove_file(repository.manifest_path(name)); !gone) return pass(gone);
  if (Status synced = sync_folder(repository.folder() + "/backups"); !synced) return pass(synced);
  Pruned pruned;
  for (const std::string& sum : *present) {
    if (needed->contains(sum)) continue;
    const std::string path = repository.content_path(sum);
    if (const auto found = identity_of(path)) pruned.octets += found->size;
    if (Status gone = remove_file(path); !gone) return pass(gone);
    ++pruned.contents;
  }
  for (const char* left : {"/unfinished", "/files/draft"})
    if (Status gone = remove_file(repository.folder() + left); !gone) return pass(gone);
  return pruned;
}

}  // namespace posthorn::backup
