#include <cstdio>
#include <ctime>
#include <filesystem>
#include <set>

#include "app/restored.h"
#include "backup/unpack.h"
#include "cli/backup/restore_command.h"
#include "cli/sizes.h"

namespace posthorn::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWork = "restoring";
constexpr const char* kConfig = "restored-config";

/// Checks that nothing would be overwritten, except for the remains of a restore that was
/// interrupted.
Status check_empty(const std::string& data_dir, const backup::Manifest& manifest) {
  std::set<std::string> ours = {kWork, kConfig};
  for (const backup::ManifestFile& file : manifest.files)
    if (file.path.starts_with("data/"))
      ours.insert(fs::path(file.path.substr(5)).begin()->string());
  std::error_code error;
  bool interrupted = fs::exists(fs::path(data_dir) / kWork, error);
  fs::directory_iterator it(data_dir, error);
  for (; !error && it != fs::directory_iterator(); it.increment(error)) {
    if (interrupted && ours.contains(it->path().filename().string())) continue;
    return fail(ErrorKind::already_exists,
                fmt::format("{} is not empty: {} is there. Restore into an empty data directory",
                            data_dir, it->path().filename().string()));
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return fail(ErrorKind::io, fmt::format("{} cannot be listed", data_dir), error.message());
  return {};
}

/// The numbers of a restored store begin at a place that depends on the time (store/read/behind.h).
Status check_clock(const backup::Manifest& manifest) {
  if (std::time(nullptr) >= manifest.taken) return {};
  return fail(ErrorKind::bad_argument,
              fmt::format("the clock of this machine is behind the time of the backup {}: set it "
                          "first",
                          manifest.name));
}

Status move_into(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(from, error)) return {};
  fs::remove_all(to, error);
  fs::rename(from, to, error);
  if (error)
    return fail(ErrorKind::io, fmt::format("{} cannot be moved to {}", from.string(), to.string()),
                error.message());
  return {};
}

/// Moves what was unpacked to its place. The store comes last, so that there is none as long as
/// anything is missing.
Status settle(const fs::path& work, const fs::path& data_dir) {
  std::error_code error;
  if (fs::exists(work / "data", error)) {
    const fs::directory_iterator all(work / "data", error);
    for (const auto& entry : std::vector<fs::directory_entry>(begin(all), end(all)))
      if (Status moved = move_into(entry.path(), data_dir / entry.path().filename()); !moved)
        return moved;
  }
  Status moved = move_into(work / "config", data_dir / kConfig);
  if (moved) moved = backup::sync_folder(data_dir.string());
  if (moved) moved = move_into(work / "store", data_dir / "store");
  if (moved) moved = backup::sync_folder(data_dir.string());
  fs::remove_all(work, error);
  return moved;
}

Status restore_all(const backup::Repository& repository, const backup::Manifest& manifest,
                   const std::string& data_dir) {
  const fs::path work = fs::path(data_dir) / kWork;
  std::error_code error;
  fs::remove_all(work, error);
  Status done = backup::make_folder(work.string());
  for (const char* part : {"store", "data", "config"})
    if (done)
      done =
          backup::unpack(repository, manifest, {part + std::string("/"), (work / part).string()});
  if (done)
    done = app::declare_restored((work / "store").string(),
                                 fmt::format("restored from the backup {}", manifest.name));
  if (done) done = settle(work, data_dir);
  return done;
}

Status restore_from(const config::Config& config, const RestoreOptions& options) {
  auto repository = backup::Repository::open_to_read(options.folder);
  if (!repository) return pass(repository);
  auto manifest = repository->choose(options.name);
  if (!manifest) return pass(manifest);
  Status ready = check_empty(config.data_dir, *manifest);
  if (ready) ready = check_clock(*manifest);
  if (!ready) return ready;
  if (!options.dry_run) {
    if (Status done = restore_all(*repository, *manifest, config.data_dir); !done) return done;
  }
  fmt::print("{} {} of {} ago to {}: {} in {} files\n",
             options.dry_run ? "would restore" : "restored", manifest->name,
             format_age(std::time(nullptr) - manifest->taken), config.data_dir,
             format_octets(manifest->octets()), manifest->files.size());
  return {};
}

}  // namespace

int restore_server(const Program& program, const RestoreOptions& options) {
  const auto loaded = load_config(program);
  if (!loaded) return complain(loaded.error());
  const Status done = restore_from(loaded->config, options);
  return done ? 0 : complain(done.error());
}

}  // namespace posthorn::cli
