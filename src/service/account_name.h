#pragma once

#include <string>
#include <string_view>

#include "text/ascii.h"

namespace posthorn::service {

/// Returns the form in which names of accounts, aliases and domains are compared and stored: ASCII
/// letters are in lower case. The store folds non-ASCII letters.
inline std::string normal_name(std::string_view name) { return text::lower(name); }

}  // namespace posthorn::service
