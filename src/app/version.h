#pragma once

#include <string_view>

namespace posthorn::app {

/// As `posthorn version` prints it.
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace posthorn::app
