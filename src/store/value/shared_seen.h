#pragma once

#include <string_view>

namespace posthorn::store {

/// The annotation of a mailbox (RFC 5464) that says whether all of its users share \Seen. Its
/// values are "true" and "false"; without it, \Seen is everybody's own (value/reader_seen.h).
inline constexpr std::string_view kSharedSeenEntry = "/shared/vendor/posthorn/sharedseen";
inline constexpr std::string_view kSeenIsShared = "true";
inline constexpr std::string_view kSeenIsOwn = "false";

}  // namespace posthorn::store
