#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace posthorn::auth {

/// RFC 3454 §7: the string is either stored (a password) or a query (a user name). Only a query may
/// contain code points that are unassigned in Unicode 3.2.
enum class PrepareAs : std::uint8_t { stored, query };

/// Applies SASLprep (RFC 4013) to UTF-8. Returns none if the text is not UTF-8 or contains what the
/// profile prohibits. The result may be empty.
std::optional<std::string> saslprep(std::string_view text, PrepareAs as);

}  // namespace posthorn::auth
