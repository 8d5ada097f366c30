#pragma once

#include <cstdint>
#include <string>

namespace posthorn::cli {

/// For people: "1.2 GB", in powers of 1,000.
std::string format_octets(std::uint64_t octets);
/// For people: "3 hours", in the largest unit that fits.
std::string format_age(std::int64_t seconds);

}  // namespace posthorn::cli
