#pragma once

#include "server/http/message.h"
#include "server/http/services.h"

namespace posthorn::server::http {

/// A configuration profile for Apple's Mail, on iOS and macOS, with one account. Not signed. The
/// address is optional: without one the device asks for it. The same address at the same server
/// always has the same identifiers, so a profile installed again replaces the one before.
Response answer_mobileconfig(const Services& services, const Request& request);

}  // namespace posthorn::server::http
