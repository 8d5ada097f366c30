#pragma once

#include <string_view>

namespace posthorn {

/// As `posthorn version` prints it.
inline constexpr std::string_view kProgramVersion = "0.1.0";

}  // namespace posthorn
