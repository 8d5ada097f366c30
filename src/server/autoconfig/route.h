#pragma once

#include <vector>

#include "server/autoconfig/services.h"
#include "server/http/router.h"

namespace posthorn::server::autoconfig {

/// Returns the resources, to be mounted in a Router. Their answers depend on `services` and the
/// request only.
std::vector<http::Route> routes(Services services);

}  // namespace posthorn::server::autoconfig
