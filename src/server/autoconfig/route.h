#pragma once

#include "server/autoconfig/services.h"
#include "server/http/message.h"

namespace posthorn::server::autoconfig {

/// The answer to a request: a function of these two and of nothing else. To HEAD it is that to GET;
/// whoever sends it leaves the body out.
http::Response answer(const Services& services, const http::Request& request);

}  // namespace posthorn::server::autoconfig
