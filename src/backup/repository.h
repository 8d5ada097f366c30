#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backup/files.h"
#include "backup/manifest.h"
#include "base/result.h"

namespace posthorn::backup {

/// A folder that holds backups:
///
///   posthorn-backups     says what the folder is
///   files/ab/abcd...     contents, each named by its SHA-256; written once and never changed
///   backups/NAME.json    one for each complete backup: which contents belong where
///   unfinished           what a backup that was interrupted has copied already
///   lock
///
/// A file in `backups` is written last, when everything it names is durable, so whatever is listed
/// is complete. All of it are plain files, which any tool can copy; a copy is usable if `backups`
/// was copied before `files`.
class Repository {
 public:
  /// Opens a repository to write to it, and makes one of a folder that is empty or does not exist.
  /// Errors: bad_argument (the folder contains something else), unavailable (in use), io.
  static Result<Repository> open_to_write(std::string folder);
  /// Errors: not_found (no repository), unavailable (in use by a writer), io.
  static Result<Repository> open_to_read(std::string folder);

  [[nodiscard]] const std::string& folder() const { return folder_; }
  /// Where the content with this sum is, or would be.
  [[nodiscard]] std::string content_path(std::string_view sha256) const;
  [[nodiscard]] std::string manifest_path(std::string_view name) const;
  [[nodiscard]] std::string unfinished_path() const { return folder_ + "/unfinished"; }

  /// The names of the complete backups, oldest first. Errors: io.
  [[nodiscard]] Result<std::vector<std::string>> names() const;
  /// Errors: not_found, corrupt, not_supported, io. The text names the backup.
  [[nodiscard]] Result<Manifest> load(const std::string& name) const;
  /// The backup with this name, or the newest for an empty name. Errors: those of load.
  [[nodiscard]] Result<Manifest> choose(const std::string& name) const;
  /// The sums of all contents that exist. Errors: io.
  [[nodiscard]] Result<std::vector<std::string>> contents() const;

 private:
  Repository(std::string folder, FolderLock lock)
      : folder_(std::move(folder)), lock_(std::move(lock)) {}

  std::string folder_;
  FolderLock lock_;
};

}  // namespace posthorn::backup
