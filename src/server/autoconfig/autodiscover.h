#pragma once

#include <string_view>

#include "server/autoconfig/services.h"
#include "server/http/message.h"

namespace posthorn::server::autoconfig {

/// Answers Microsoft's autodiscover in its plain XML form ([MS-OXDSCLI]), which Outlook uses for
/// IMAP, POP3 and SMTP. No authentication is required, because the answer contains no secrets.
http::Response answer_autodiscover(const Services& services, std::string_view body);

/// Answers a GET of the same path. In clear, this is how Outlook asks whether to use another
/// location; it is redirected to the one under TLS. Under TLS, only POST is meaningful.
http::Response redirect_autodiscover(const Services& services, const http::Request& request);

}  // namespace posthorn::server::autoconfig
