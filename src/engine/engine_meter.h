#pragma once

#include "base/metrics.h"

namespace posthorn::engine {

/// What an engine counts of its writing.
struct EngineMeter {
  metrics::Durations commits;  ///< From the call of commit() until the commit is durable or failed.
  metrics::Counter failed;     ///< Commits that failed, those that had to be computed again too.
  metrics::Durations syncs;    ///< Writes of a batch of commits, with its sync.
};

}  // namespace posthorn::engine
