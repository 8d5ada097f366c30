#pragma once

#include "server/autoconfig/services.h"
#include "server/http/message.h"

namespace posthorn::server::autoconfig {

/// Microsoft's autodiscover in its plain XML form ([MS-OXDSCLI]), as Outlook asks it for IMAP, POP3
/// and SMTP. Nobody logs in for it: what is told is no secret.
http::Response answer_autodiscover(const Services& services, const http::Request& request);

/// A GET of the same path. In clear it is how Outlook asks whether another place is meant, and is
/// sent on to the one under TLS; there, only POST makes sense.
http::Response redirect_autodiscover(const Services& services, const http::Request& request);

}  // namespace posthorn::server::autoconfig
