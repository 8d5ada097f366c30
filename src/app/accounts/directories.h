#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "directory/chain.h"

namespace posthorn::app {

/// Makes the directories that the configuration names. They are asked only when somebody is looked
/// for. `clock` must outlive the result. Errors: bad_argument.
Result<directory::Chain> make_directories(const config::Config& config, const Clock& clock);

}  // namespace posthorn::app
