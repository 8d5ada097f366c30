#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace posthorn::app {

/// Tells the service manager, e.g. "READY=1" or "STOPPING=1" (sd_notify(3)): a datagram to the
/// socket that $NOTIFY_SOCKET names. Nothing happens without one.
void notify_manager(std::string_view state);

/// Writes the file whole under its name or not at all, mode 0600. Errors: io.
Status write_file_atomically(const std::string& path, std::string_view content);

}  // namespace posthorn::app
