#pragma once

#include "server/autoconfig/services.h"
#include "server/http/message.h"

namespace posthorn::server::autoconfig {

/// Thunderbird's autoconfiguration (config-v1.1.xml), which K-9, Evolution, KMail and others read
/// too. The address is optional: Thunderbird for Android does not say it.
http::Response answer_autoconfig(const Services& services, const http::Request& request);

}  // namespace posthorn::server::autoconfig
