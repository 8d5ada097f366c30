#pragma once

#include <string_view>

namespace posthorn::store {

/// Annotations of a mailbox (RFC 5464) that say which flags its users share. Their values are
/// "true" and "false"; without them, \Seen is everybody's own, and all other flags are shared
/// (value/reader_flags.h).
inline constexpr std::string_view kSharedSeenEntry = "/shared/vendor/posthorn/sharedseen";
/// "true": \Flagged, \Answered and keywords are everybody's own as well.
inline constexpr std::string_view kPrivateFlagsEntry = "/shared/vendor/posthorn/privateflags";
inline constexpr std::string_view kYes = "true";
inline constexpr std::string_view kNo = "false";

/// Returns whether an annotation is one of these.
constexpr bool is_sharing_entry(std::string_view entry) {
  return entry == kSharedSeenEntry || entry == kPrivateFlagsEntry;
}

}  // namespace posthorn::store
