#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "server/http/message.h"

namespace posthorn::server::http {

/// The parts of a response that depend on the request.
struct Framing {
  bool keep_alive = false;
  bool without_body = false;  ///< For HEAD: the length is given, but no body is sent.
};

/// Formats the response for the wire. `now` is used for Date (RFC 9110 §6.6.1).
std::string format_response(Response response, Framing framing, Timestamp now);

/// Formats a date, e.g. "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
std::string format_http_date(Timestamp t);

}  // namespace posthorn::server::http
