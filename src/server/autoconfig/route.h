#pragma once

#include "server/autoconfig/services.h"
#include "server/http/message.h"

namespace posthorn::server::autoconfig {

/// Returns the answer to a request, which depends on the two arguments only. The answer to HEAD is
/// the same as for GET; the sender omits the body.
http::Response answer(const Services& services, const http::Request& request);

}  // namespace posthorn::server::autoconfig
