#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace posthorn::auth {

/// Returns the normal form of an address or a network ("192.0.2.0/24", "2001:db8::/32"): the bits
/// beyond the prefix are cleared, and a prefix of full length is left out. Errors: bad_argument.
Result<std::string> normal_range(std::string_view range);

/// Returns whether a peer (as Stream::peer() reports it) is in a range that normal_range()
/// returned. An IPv4-mapped IPv6 address counts as IPv4. A local socket is in no range.
bool is_in_range(std::string_view peer, std::string_view range);

}  // namespace posthorn::auth
