#pragma once

#include <string>

#include "app/mta/mta_check.h"
#include "base/result.h"

namespace posthorn::cli {

/// Asks the Postfix of this machine for all its settings and for those of its services. `config` is
/// its configuration directory; empty: the usual one. Errors: not_found, if it is not installed;
/// io.
Result<app::PostfixSettings> ask_postfix(const std::string& config);

}  // namespace posthorn::cli
