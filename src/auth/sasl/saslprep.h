#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace posthorn::auth {

/// RFC 3454 §7: whether the string is kept (a password) or looked up (a user name); only the latter
/// may hold code points Unicode 3.2 had not assigned.
enum class PrepareAs : std::uint8_t { stored, query };

/// RFC 4013 SASLprep of UTF-8. None when the text is not UTF-8 or holds what the profile prohibits.
/// The result may be empty.
std::optional<std::string> saslprep(std::string_view text, PrepareAs as);

}  // namespace posthorn::auth
