#pragma once

#include "server/autoconfig/services.h"
#include "server/http/message.h"

namespace posthorn::server::autoconfig {

/// Answers with a configuration profile for Apple Mail on iOS and macOS, with one account. It is
/// not signed. The address is optional: without it, the device asks for it. The same address at the
/// same server always gets the same identifiers, so that a profile that is installed again replaces
/// the previous one.
http::Response answer_mobileconfig(const Services& services, const http::Request& request);

}  // namespace posthorn::server::autoconfig
