#pragma once

#include <string_view>

#include "base/error.h"
#include "base/log_event.h"
#include "net/stream.h"

/// Lines of the log about a connection. Each has the connection's number as "session", which is
/// also in the lines about logins and about the changes that come of it (docs/monitoring.md).
namespace posthorn::server::frame {

/// Begins a line: what happened, which must be static, then protocol, session, address and port.
log::Event about(std::string_view what, std::string_view protocol, const net::Stream& stream);

/// Logs that a request failed because of the server. `user` is empty before the login.
void log_trouble(std::string_view protocol, const net::Stream& stream, std::string_view user,
                 const Error& error);

}  // namespace posthorn::server::frame
