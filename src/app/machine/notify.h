#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace posthorn::app {

/// Notifies the service manager, e.g. of "READY=1" or "STOPPING=1" (sd_notify(3)), by a datagram to
/// the socket in $NOTIFY_SOCKET. Does nothing if that is not set.
void notify_manager(std::string_view state);

/// Writes the file atomically, with mode 0600. Errors: io.
Status write_file_atomically(const std::string& path, std::string_view content);

}  // namespace posthorn::app
