#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace posthorn::text {

/// Converts a domain name to its DNS form: ASCII in lower case, other scripts as A-labels (RFC 5890
/// by way of UTS #46, non-transitional), without the final dot. Errors: bad_argument for an empty
/// name or label, a label over 63 octets, a name over 253, characters other than letters, digits
/// and hyphens, and names that look like an IPv4 address.
Result<std::string> domain_to_ascii(std::string_view name);

}  // namespace posthorn::text
