#pragma once

#include <string>

#include "base/result.h"

namespace posthorn::cli {

/// Reads a new password: from `file` if one is named ("-" is standard input; the first line
/// counts); otherwise from the terminal, asking twice without echo; otherwise, if there is no
/// terminal, from the first line of standard input. Never from the command line, where others can
/// see it. Errors: bad_argument, io.
Result<std::string> read_new_password(const std::string& file);

}  // namespace posthorn::cli
