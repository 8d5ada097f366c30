#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "server/http/message.h"

namespace posthorn::server::http {

/// What of a response depends on who asked.
struct Framing {
  bool keep_alive = false;
  bool without_body = false;  ///< For HEAD: its length is said, and it is not sent.
};

/// As it goes over the wire. `now` is for Date (RFC 9110 §6.6.1).
std::string format_response(Response response, Framing framing, Timestamp now);

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
std::string format_http_date(Timestamp t);

}  // namespace posthorn::server::http
