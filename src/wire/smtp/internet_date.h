#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace posthorn::wire::smtp {

/// RFC 3339 §5.6 date-time, "2026-11-23T04:51:33.5+01:00" or with "Z", in seconds since 1970; a
/// fraction is dropped. None for what is malformed or no date.
std::optional<std::int64_t> parse_internet_date(std::string_view text);
/// In UTC.
std::string format_internet_date(std::int64_t seconds);

}  // namespace posthorn::wire::smtp
