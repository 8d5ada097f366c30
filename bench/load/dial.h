#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace posthorn::bench {

/// A blocking TCP connection to an IPv4 address; the descriptor is the caller's. Connections to
/// loopback come from several addresses in turn, as one alone has ports for some 28,000 sessions.
/// Bounded: ten seconds. Errors: bad_argument (no IPv4 address), unavailable, io.
Result<int> dial(const std::string& host, std::uint16_t port);

}  // namespace posthorn::bench
