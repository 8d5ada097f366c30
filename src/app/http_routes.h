#pragma once

#include "server/autoconfig/services.h"
#include "server/http/http_options.h"

namespace posthorn::app {

/// Returns the options of the HTTP server: all endpoints that this process has, by path. `told` is
/// what mail programs are told about the other servers.
server::http::HttpOptions http_options(server::autoconfig::Services told);

}  // namespace posthorn::app
