#pragma once

#include <string>

#include "base/result.h"

namespace posthorn::engine::rocks {

/// Makes the names in a folder durable: what was made, renamed or removed there. Errors: io.
Status sync_folder(const std::string& folder);

/// Adds a line to the end of a file, made (mode 0600) if absent; durable on return. Errors: io.
Status append_line(const std::string& folder, const std::string& name, const std::string& line);

}  // namespace posthorn::engine::rocks
