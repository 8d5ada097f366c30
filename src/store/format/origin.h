#pragma once

#include <string>
#include <string_view>

/// Where a message came from that was copied or moved here from another account. Its body column
/// (docs/storage-format.md, "Messages") ends with the EMAILID that it had there, which is its
/// EMAILID here as well (RFC 8474 §5.1).
namespace posthorn::store {

/// The longest EMAILID that is kept, in octets; ObjectIds makes shorter ones.
inline constexpr std::size_t kMaxOrigin = 64;

/// Returns the body column with this EMAILID in place of the one that it may have. Requires: `body`
/// is a valid body column, and `email_id` is not empty and has at most kMaxOrigin octets.
std::string with_origin(std::string_view body, std::string_view email_id);

/// Returns the EMAILID in a body column; empty if the message has none but its own, or if the
/// column is damaged.
std::string_view origin_of(std::string_view body);

}  // namespace posthorn::store
