#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace posthorn::app {

/// What a directory did when it was asked.
struct DirectoryTrial {
  std::string name;  ///< In the configuration.
  /// Errors: unavailable, with the reason, if it did not answer; corrupt if it knows somebody whom
  /// nobody knows, or accepts a password that nobody has.
  Status answered;
};

/// Asks each directory of the configuration once for somebody who does not exist. Blocks, for
/// `timeout` of each directory about. Errors: bad_argument, as make_directories().
Result<std::vector<DirectoryTrial>> try_directories(const config::Config& config);

}  // namespace posthorn::app
