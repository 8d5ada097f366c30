#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace posthorn::text {

/// A domain name as the DNS has it: ASCII in lower case, other scripts as A-labels (RFC 5890 by way
/// of UTS #46, non-transitional), without the dot at its end. Errors: bad_argument for an empty
/// name or label, a label over 63 octets or a name over 253, for anything but letters, digits and
/// hyphens, and for what looks like an IPv4 address.
Result<std::string> domain_to_ascii(std::string_view name);

}  // namespace posthorn::text
