#pragma once

#include <memory>

#include "net/stream.h"

namespace posthorn::net {

/// Makes a stream over a connected TCP or Unix socket, on the current loop. Takes ownership of the
/// descriptor, also on failure. Makes it non-blocking and, for TCP, sets no-delay and keep-alive.
/// Errors: io.
/// Requires: Loop::current().
///
/// One coroutine may read while others write. A coroutine that waits in the stream must end before
/// the stream is destroyed; shutdown_now() ends such waits.
Result<std::unique_ptr<Stream>> make_stream(int fd);

}  // namespace posthorn::net
