#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backup/manifest.h"
#include "backup/repository.h"
#include "base/result.h"

namespace posthorn::backup {

/// A part of a backup: the files whose path begins with `from` are put below `to`.
struct Placement {
  std::string from;  ///< Such as "store/".
  std::string to;    ///< A folder, without a slash at its end.
};

/// Copies the part to its place and compares every checksum. Durable on return. Errors: corrupt (a
/// content is missing or damaged; the text names the file), already_exists (a file is there), io.
Status unpack(const Repository& repository, const Manifest& manifest, const Placement& placement);

/// As unpack, but large files that are never changed (tables and blob files of the store) become
/// symbolic links to the repository, and no checksum is compared. For opening a store for a while;
/// the repository is never written through such a link.
Status link_up(const Repository& repository, const Manifest& manifest, const Placement& placement);

/// Compares every content of a backup with its checksum. Returns one sentence for each file that is
/// missing or damaged. A sum that is in `verified` is not computed again; those that are right are
/// added. Errors: io.
Result<std::vector<std::string>> verify(const Repository& repository, const Manifest& manifest,
                                        std::vector<std::string>& verified);

}  // namespace posthorn::backup
