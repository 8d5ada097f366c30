#pragma once

#include <string>

#include "app/server.h"
#include "base/result.h"

namespace posthorn::cli {

/// Writes {"imap": port, "imaps": port, "submission": port, and so on for each listener,
/// "lmtp_socket": path, likewise each other socket, "pid": n}, with 0 or an empty path for
/// listeners that do not exist. The names are those of the keys below "listen" in the
/// configuration. The file is written atomically, so that other programs can wait for it to learn
/// that the server listens. Errors: io.
Status write_ready_file(const std::string& path, const app::Server::Addresses& addresses);

}  // namespace posthorn::cli
