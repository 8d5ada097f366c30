#pragma once

#include <memory>
#include <string>

#include "app/core.h"
#include "backup/manifest.h"
#include "backup/repository.h"
#include "base/result.h"
#include "config/config.h"

namespace posthorn::cli {

/// The store of a backup, opened in a temporary folder that is removed with this object. The large
/// files are links into the repository, which is not changed.
class BackupCopy {
 public:
  /// The folder is made in `scratch`, or where $TMPDIR says if that is empty. Errors: those of
  /// backup::link_up and app::Core::open.
  static Result<std::unique_ptr<BackupCopy>> open(const backup::Repository& repository,
                                                  const backup::Manifest& manifest,
                                                  const config::Config& config,
                                                  const std::string& scratch);
  ~BackupCopy();
  BackupCopy(const BackupCopy&) = delete;
  BackupCopy& operator=(const BackupCopy&) = delete;

  [[nodiscard]] store::Store& store() { return core_->store(); }
  /// Must be called before destruction in every case.
  async::Task<void> close() { return core_->close(); }

 private:
  explicit BackupCopy(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
  std::unique_ptr<app::Core> core_;
};

}  // namespace posthorn::cli
