#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"

/// Parsing and formatting of single values. Every parse_ function fails with bad_argument and a
/// sentence that does not name the place.
namespace posthorn::config {

Result<bool> parse_flag(std::string_view text);
/// Decimal digits, which '_' may separate.
Result<std::uint64_t> parse_number(std::string_view text);
/// A size in octets: a number and a unit of B, KB, MB, GB, TB (powers of 1000) or K, M, G, T, KiB,
/// MiB, GiB, TiB (powers of 1024), in any case. Without a unit, octets.
Result<std::uint64_t> parse_size(std::string_view text);
/// One or more numbers with a unit: ms, s, m, h, d, w. Without a unit, seconds. At most 1000 years.
Result<Duration> parse_duration(std::string_view text);
/// Accepts "host:port", "[address]:port" and "*:port".
Result<Endpoint> parse_endpoint(std::string_view text);

/// Uses the largest unit that is exact: "64MiB", "100MB", "1500".
std::string format_size(std::uint64_t octets);
/// Uses the largest units that are exact: "30d", "90s", "0s".
std::string format_duration(Duration duration);

}  // namespace posthorn::config
