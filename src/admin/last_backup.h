#pragma once

#include <optional>
#include <string>

#include "admin/admin.h"

namespace posthorn::admin {

/// Returns what the last backup of a data directory has noted there: taken, name, size, copied,
/// folder. Nothing if there was none, or if the note cannot be read. Blocks.
std::optional<Json> last_backup(const std::string& data_dir);

}  // namespace posthorn::admin
