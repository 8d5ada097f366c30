#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/value/mailbox.h"

namespace posthorn::server::imap {

/// Returns the special use with this attribute, e.g. "\\Sent" in any case; none if it is unknown
/// (RFC 6154 §2, RFC 8457 §2).
std::optional<store::SpecialUse> special_use_of(std::string_view attribute);

/// The attributes of a mailbox, separated by spaces (RFC 6154 §4).
std::string attributes_of_uses(store::SpecialUses uses);
/// The reverse; none if one of them is unknown.
std::optional<store::SpecialUses> uses_of_attributes(std::string_view attributes);

}  // namespace posthorn::server::imap
