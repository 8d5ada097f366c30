#pragma once

#include <string>

#include "base/result.h"

namespace posthorn::engine::rocks {

/// Syncs a folder: makes files created, renamed or removed in it durable. Errors: io.
Status sync_folder(const std::string& folder);

/// Appends a line to a file, which is created (mode 0600) if absent. Durable on return. Errors: io.
Status append_line(const std::string& folder, const std::string& name, const std::string& line);

}  // namespace posthorn::engine::rocks
