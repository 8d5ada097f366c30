#pragma once

#include <string>

#include "app/server.h"
#include "base/result.h"

namespace posthorn::cli {

/// {"imap": port, "imaps": port, "submission": port, and so on for each listener, "lmtp_socket":
/// path, "admin_socket": path, "pid": n}, 0 for what is not listened on; there whole or not at all:
/// for whoever waits until the server listens. Errors: io.
Status write_ready_file(const std::string& path, const app::Server::Addresses& addresses);

}  // namespace posthorn::cli
