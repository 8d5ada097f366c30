#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "config/config.h"

namespace posthorn::app {

/// How the process's file descriptors (RLIMIT_NOFILE) are divided, so that connections can never
/// take those that the store needs to write.
struct Descriptors {
  std::uint64_t limit = 0;         ///< What the system gives this process.
  std::uint64_t engine_files = 0;  ///< Table files the storage engine keeps open.
  std::uint64_t connections = 0;   ///< At once, in all.
  int below = 0;                   ///< No connection has this descriptor or a higher one.
};

/// Divides `limit` as the configuration asks where there are enough; otherwise the engine gets a
/// third and connections the rest. Errors: limit, when there are too few to serve at all.
Result<Descriptors> divide_descriptors(std::uint64_t limit, const config::Config& config);

/// Raises the soft limit to the hard one, divides what that gives and logs it.
Result<Descriptors> claim_descriptors(const config::Config& config);

}  // namespace posthorn::app
