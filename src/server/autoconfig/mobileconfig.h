#pragma once

#include "server/autoconfig/services.h"
#include "server/http/message.h"

namespace posthorn::server::autoconfig {

/// A configuration profile for Apple's Mail, on iOS and macOS, with one account. Not signed. The
/// address is optional: without one the device asks for it. The same address at the same server
/// always has the same identifiers, so a profile installed again replaces the one before.
http::Response answer_mobileconfig(const Services& services, const http::Request& request);

}  // namespace posthorn::server::autoconfig
