#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "config/config.h"

namespace posthorn::app {

/// The division of the process's file descriptors (RLIMIT_NOFILE), which ensures that connections
/// never take those that the store needs to write.
struct Descriptors {
  std::uint64_t limit = 0;         ///< The limit the system gives this process.
  std::uint64_t engine_files = 0;  ///< Table files that the storage engine keeps open.
  std::uint64_t connections = 0;   ///< Maximum number of concurrent connections.
  int below = 0;                   ///< Every connection has a descriptor below this one.
};

/// Divides `limit` as the configuration says, if there are enough. Otherwise the engine gets a
/// third, and connections the rest. Errors: limit, if there are too few to serve at all.
Result<Descriptors> divide_descriptors(std::uint64_t limit, const config::Config& config);

/// Raises the soft limit to the hard limit, divides the result and logs it.
Result<Descriptors> claim_descriptors(const config::Config& config);

}  // namespace posthorn::app
