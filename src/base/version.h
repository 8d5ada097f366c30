#pragma once

#include <string_view>

namespace posthorn {

/// The version that `posthorn version` prints.
inline constexpr std::string_view kProgramVersion = "0.1.0";

}  // namespace posthorn
