#pragma once

#include <string>

#include "base/result.h"

namespace posthorn::cli {

/// From `file` when one is named ("-" is standard input; its first line counts); else asked for
/// twice on the terminal, without echo; else, with no terminal, the first line of standard input.
/// Never from the command line, where others see it. Errors: bad_argument, io.
Result<std::string> read_new_password(const std::string& file);

}  // namespace posthorn::cli
