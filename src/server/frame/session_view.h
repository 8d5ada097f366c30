#pragma once

#include <string_view>

#include "auth/live_session.h"
#include "net/stream.h"

namespace posthorn::server::frame {

/// Returns what an operator sees of a user's session.
auth::SessionView view_of(std::string_view protocol, const net::Stream& stream,
                          std::string_view user);

/// Logs that a user's session has ended, with what passed over its connection.
void log_logout(std::string_view protocol, const net::Stream& stream, std::string_view user);

}  // namespace posthorn::server::frame
