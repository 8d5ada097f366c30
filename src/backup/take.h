#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "async/task.h"
#include "backup/manifest.h"
#include "backup/repository.h"
#include "base/result.h"

namespace posthorn::backup {

/// Whether a file may change or vanish while it is saved. Then it is saved as far as it went at
/// first; otherwise that is an error.
enum class Changes : std::uint8_t { never, perhaps };

/// A file to be saved.
struct Source {
  std::string path;  ///< Where it is.
  std::string as;    ///< ManifestFile::path.
  Changes changes = Changes::never;
};

/// Which files of a folder are to be saved, and how.
struct Selection {
  std::string prefix;  ///< A file below the folder becomes `prefix`/...
  Changes changes = Changes::never;
  /// Files and folders that are left out, by their path below the folder.
  std::function<bool(std::string_view)> skip = {};
};
/// The regular files below `folder`, sorted. Errors: io.
Result<std::vector<Source>> sources_below(const std::string& folder, const Selection& selection);

struct TakeOptions {
  std::int64_t taken = 0;  ///< Manifest::taken.
  std::string source;
  std::string version;
  std::uint64_t octets_per_second = 0;  ///< Read from the disk; 0: no limit.
  /// Called between two portions of at most a megabyte. An error ends the backup.
  std::function<async::Task<Status>()> between = {};
};

/// Saves the files as one backup. A content that the repository has is not copied again, and a file
/// that an earlier backup, or an interrupted one, has seen unchanged is not read again. The backup
/// exists only when everything of it is durable; what an interrupted one has copied serves the
/// next. Requires: `repository` was opened to write. Errors: io and those of reading a source;
/// already_exists (a backup of the same second).
async::Task<Result<Manifest>> take(const Repository& repository, std::vector<Source> sources,
                                   TakeOptions options);

}  // namespace posthorn::backup
