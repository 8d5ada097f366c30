#pragma once

#include <string_view>

namespace posthorn::auth {

/// Returns whether both have the same octets. How long it takes depends on their lengths only.
bool is_same_secret(std::string_view a, std::string_view b);

}  // namespace posthorn::auth
