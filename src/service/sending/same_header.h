#pragma once

#include <string_view>

namespace posthorn::service {

/// Whether two header blocks can belong to the same message, submitted by a client and appended to
/// \Sent by it. Fields that both have must say the same, however they are folded or encoded; their
/// order does not matter. A client's own copy normally has fields more (Bcc, notes to itself) or
/// fewer (those that the server adds to what it sends), so most fields may be missing in one. Only
/// what says to whom the message goes, its subject and how its body is to be read must be in both
/// or in neither. Does not look at Message-ID: compare those of the digests.
bool is_header_of_same_message(std::string_view one, std::string_view other);

}  // namespace posthorn::service
