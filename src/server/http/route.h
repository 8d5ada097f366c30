#pragma once

#include "server/http/message.h"
#include "server/http/services.h"

namespace posthorn::server::http {

/// The answer to a request: a function of these two and of nothing else. To HEAD it is that to GET;
/// whoever sends it leaves the body out.
Response answer(const Services& services, const Request& request);

}  // namespace posthorn::server::http
