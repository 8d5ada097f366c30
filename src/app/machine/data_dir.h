#pragma once

#include <string>

#include "base/result.h"

namespace posthorn::app {

/// Creates the data directory if it is missing, and closes it to other users of the machine.
/// Errors: io.
Status make_data_dir(const std::string& path);

/// Returns a secret of this installation, which is created if missing and stays the same after a
/// restart. Errors: io.
Result<std::string> load_secret(const std::string& data_dir);

}  // namespace posthorn::app
