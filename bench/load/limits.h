#pragma once

#include <string>

#include "base/result.h"

namespace posthorn::bench {

/// What the machine does at best, as one JSON object; takes some three seconds:
///   sync_4k_ms, sync_64k_ms, sync_1m_ms  median of append and fdatasync in `folder`,
///   sync_*_p99_ms                        the 99th of a hundred of them,
///   loopback_mb_s                        one TCP connection, one thread at each end; the best 20
///   ms, roundtrip_us                         median of an octet there and back between two
///   threads, memory_gb_s                          memcpy of blocks far larger than caches, octets
///   copied; the best.
/// Errors: io.
Result<std::string> measure_limits(const std::string& folder);

}  // namespace posthorn::bench
