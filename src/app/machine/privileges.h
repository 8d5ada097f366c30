#pragma once

#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "net/listener.h"

namespace posthorn::app {

/// If the process runs as root and the configuration names a user: opens all TCP listeners of the
/// configuration, whose ports may be below 1024, and then becomes that user, with its groups, for
/// good. Returns the sockets, named as systemd would name them, and removes their endpoints from
/// `config`. Does nothing otherwise, except for a warning if the process stays root.
/// Errors: not_found (the user), no_permission, and those of Listener::tcp.
/// Thread: to be called before other threads start.
Result<std::vector<net::InheritedSocket>> give_up_root(config::Config& config);

}  // namespace posthorn::app
