#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"

namespace posthorn::app {

/// Declares that a store was restored from a backup and may be older than what clients have seen of
/// it: every account's numbers skip ahead when it is next opened (store/read/behind.h).
/// `store_folder` is the engine's folder, which must not be open. `why` is one line for people.
/// Durable on return. Errors: io.
Status declare_restored(const std::string& store_folder, const std::string& why);

/// A configuration for looking into a copy of a store: it has the copy's data directory and little
/// memory.
config::Config config_for_copy(config::Config config, const std::string& data_dir);

}  // namespace posthorn::app
