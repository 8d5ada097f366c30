#pragma once

#include "async/task.h"
#include "base/result.h"
#include "net/stream.h"

namespace posthorn::server::frame {

/// Reads the PROXY header with which a trusted proxy begins, and makes the client that it names the
/// stream's peer. Nothing behind the header is read. The proxy has a few seconds; the client's time
/// to log in begins afterwards. Errors: syntax, timed_out, closed.
async::Task<Status> take_proxy_header(net::Stream& stream);

}  // namespace posthorn::server::frame
