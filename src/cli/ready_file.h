#pragma once

#include <string>

#include "app/server.h"
#include "base/result.h"

namespace posthorn::cli {

/// Writes {"imap": port, "imaps": port, "submission": port, and so on for each listener,
/// "lmtp_socket": path, "admin_socket": path, "pid": n}, with 0 for listeners that do not exist.
/// The file is written atomically, so that other programs can wait for it to learn that the server
/// listens. Errors: io.
Status write_ready_file(const std::string& path, const app::Server::Addresses& addresses);

}  // namespace posthorn::cli
