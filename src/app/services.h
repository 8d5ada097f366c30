#pragma once

#include "app/server.h"
#include "config/config.h"
#include "server/autoconfig/services.h"

namespace posthorn::app {

/// What clients are told to use. `listening`: the ports as taken, where the configuration says 0 or
/// somebody else opened them (systemd); all 0 when nothing runs, and then it is what the
/// configuration says. Left out are a listener that only this machine reaches, unless the server's
/// own name says it is for this machine only, and one where nobody could log in for want of TLS.
server::autoconfig::Services services(const config::Config& config,
                                      const Server::Addresses& listening, bool has_tls);

}  // namespace posthorn::app
