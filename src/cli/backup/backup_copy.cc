#include "cli/backup/backup_copy.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "app/restored.h"
#include "backup/unpack.h"

namespace posthorn::cli {
namespace {

namespace fs = std::filesystem;

Result<std::string> make_scratch(const std::string& where) {
  std::error_code error;
  const fs::path parent = where.empty() ? fs::temp_directory_path(error) : fs::path(where);
  std::string name = (parent / "posthorn-backup-XXXXXX").string();
  if (error || ::mkdtemp(name.data()) == nullptr)
    return fail(ErrorKind::io,
                fmt::format("no temporary folder can be made in {}", parent.string()),
                error ? error.message() : std::strerror(errno));
  return name;
}

}  // namespace

Result<std::unique_ptr<BackupCopy>> BackupCopy::open(const backup::Repository& repository,
                                                     const backup::Manifest& manifest,
                                                     const config::Config& config,
                                                     const std::string& scratch) {
  auto folder = make_scratch(scratch);
  if (!folder) return pass(folder);
  std::unique_ptr<BackupCopy> copy(new BackupCopy(std::move(*folder)));
  const config::Config settings = app::config_for_copy(config, copy->folder_);
  Status linked = backup::link_up(repository, manifest, {"store/", app::store_path(settings)});
  if (!linked) return pass(linked);
  auto core = app::Core::open(settings, app::EngineKind::rocksdb, engine::IfAbsent::refuse);
  if (!core) return pass(core);
  copy->core_ = std::move(*core);
  return copy;
}

BackupCopy::~BackupCopy() {
  core_.reset();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);  // Links are removed, not what they name.
}

}  // namespace posthorn::cli
