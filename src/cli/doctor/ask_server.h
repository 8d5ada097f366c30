#pragma once

#include <chrono>
#include <string>

#include "admin/admin.h"
#include "base/result.h"

namespace posthorn::cli {

/// Asks the server behind an admin socket one question that only reads, and waits for a bounded
/// time: unlike RemoteAdmin it also returns if that server hangs. Errors: not_found if nobody
/// listens; no_permission; timed_out; io; those of the request.
Result<admin::Json> ask_server(const std::string& socket, const admin::Json& request,
                               std::chrono::seconds patience);

}  // namespace posthorn::cli
