#pragma once

#include "server/http/message.h"
#include "server/http/services.h"

namespace posthorn::server::http {

/// Microsoft's autodiscover in its plain XML form ([MS-OXDSCLI]), as Outlook asks it for IMAP, POP3
/// and SMTP. Nobody logs in for it: what is told is no secret.
Response answer_autodiscover(const Services& services, const Request& request);

/// A GET of the same path. In clear it is how Outlook asks whether another place is meant, and is
/// sent on to the one under TLS; there, only POST makes sense.
Response redirect_autodiscover(const Services& services, const Request& request);

}  // namespace posthorn::server::http
