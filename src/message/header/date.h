#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace posthorn::message {

/// The Date field (RFC 5322 §3.3, §4.3): weekday optional and not believed, comments
/// anywhere, two- and three-digit years, obsolete zone names; also "Nov 23 2026" order. A zone
/// that makes no sense is UTC, a time that makes none 00:00:00 (RFC 5256 §2.2). Without a
/// valid date: nullopt. `raw` may be folded.
std::optional<Timestamp> parse_date(std::string_view raw);

/// RFC 5322 §3.3: "Mon, 23 Nov 2026 03:51:33 +0000", in the timestamp's own zone.
std::string format_date(Timestamp time);

}  // namespace posthorn::message
