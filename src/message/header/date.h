#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace posthorn::message {

/// Parses a Date field (RFC 5322 §3.3, §4.3). The weekday is optional and ignored; comments may
/// occur anywhere; two- and three-digit years, obsolete zone names and the order "Nov 23 2026" are
/// accepted. An invalid zone is taken as UTC, an invalid time as 00:00:00 (RFC 5256 §2.2). Returns
/// nullopt without a valid date. `raw` may be folded.
std::optional<Timestamp> parse_date(std::string_view raw);

/// Formats a date as in RFC 5322 §3.3, e.g. "Mon, 23 Nov 2026 03:51:33 +0000", in the timestamp's
/// own zone.
std::string format_date(Timestamp time);

}  // namespace posthorn::message
