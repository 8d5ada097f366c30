#pragma once

#include "server/http/message.h"
#include "server/http/services.h"

namespace posthorn::server::http {

/// Thunderbird's autoconfiguration (config-v1.1.xml), which K-9, Evolution, KMail and others read
/// too. The address is optional: Thunderbird for Android does not say it.
Response answer_autoconfig(const Services& services, const Request& request);

}  // namespace posthorn::server::http
