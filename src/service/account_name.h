#pragma once

#include <string>
#include <string_view>

#include "text/ascii.h"

namespace posthorn::service {

/// The form in which names of accounts, aliases and domains are compared and stored: ASCII letters
/// in lower case. The store folds what is not ASCII.
inline std::string normal_name(std::string_view name) { return text::lower(name); }

}  // namespace posthorn::service
