#pragma once

#include "server/autoconfig/services.h"
#include "server/http/message.h"

namespace posthorn::server::autoconfig {

/// Answers Thunderbird's autoconfiguration request (config-v1.1.xml), which K-9, Evolution, KMail
/// and others use too. The address is optional: Thunderbird for Android does not send it.
http::Response answer_autoconfig(const Services& services, const http::Request& request);

}  // namespace posthorn::server::autoconfig
