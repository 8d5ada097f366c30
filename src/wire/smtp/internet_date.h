#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace posthorn::wire::smtp {

/// Parses an RFC 3339 §5.6 date-time, e.g. "2026-11-23T04:51:33.5+01:00" or with "Z", to seconds
/// since 1970. A fraction is dropped. None if the text is malformed or not a valid date.
std::optional<std::int64_t> parse_internet_date(std::string_view text);
/// Formats the time in UTC.
std::string format_internet_date(std::int64_t seconds);

}  // namespace posthorn::wire::smtp
