#pragma once

#include "app/server.h"
#include "config/config.h"
#include "server/autoconfig/services.h"

namespace posthorn::app {

/// Returns the services that clients should use. `listening` contains the actual ports, which
/// matter if the configuration says 0 or another process opened them (systemd). If all are 0, the
/// server is not running, and the configured ports are used. Left out are listeners that only this
/// machine can reach, unless the server's own name is local too, and those where nobody could log
/// in because there is no TLS.
server::autoconfig::Services services(const config::Config& config,
                                      const Server::Addresses& listening, bool has_tls);

}  // namespace posthorn::app
